"""The training loop: from the last checkpoint on, one fit per epoch.

Each epoch is a fit of its own, because its batches are its own: that is what lets an interrupted training go on
in the middle of an epoch with exactly the batches that are left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional

import keras

from pipeline.config.settings import TrainerSettings
from pipeline.ml import chosen_callbacks, compiling, distribution, monitors, prepared
from pipeline.ml.averages import Averages
from pipeline.ml.callbacks import Board, FiniteLoss, Progress, Recorder
from pipeline.ml.checkpoints import Checkpoints, Position
from pipeline.ml.stages import Stages


class Trained(NamedTuple):
    """How a training went."""

    rows: list[dict[str, float]]
    """The numbers of every epoch."""
    kept: dict[str, float]
    """Those that belong to the weights which the training leaves."""


@dataclass(frozen=True)
class Loop:
    """What a training is made of.

    Attributes:
        model: compiled, on the devices that the settings take.
        checkpoints, key: the folder of the checkpoint, and its name.
        boards: the folder for TensorBoard.
        watched: numbers that the history must have, besides those that callbacks watch, with the fields that name them.
    """

    model: keras.Model
    data: prepared.Data
    settings: TrainerSettings
    checkpoints: str
    key: str
    boards: str = ""
    watched: Mapping[str, str] = field(default_factory=dict)

    def run(self) -> Trained:
        """Train."""
        with distribution.strategy(self.settings.trainer).scope():
            return self._run()

    def _run(self) -> Trained:
        batch = next(iter(self.data.evaluation.epoch(0)))
        compiling.make_variables(self.model, batch)
        trainer, steps = self.settings.trainer, self.data.train.steps
        recorder = Recorder({**monitors.watched(trainer), **self.watched})
        stop = chosen_callbacks.early_stopping(trainer, self._heads)
        others = self._callbacks(recorder, stop)
        saver = Checkpoints(self.checkpoints, self.key, trainer.checkpoint_steps, steps, others)
        board = [Board(self.boards)] if trainer.tensorboard else []
        averages = Averages()
        # The checkpoint comes last, to see all others' decisions.
        everyone = _Continuous(
            [*others, *board, averages, saver],
            add_history=True, model=self.model, epochs=trainer.epochs, steps=steps,
        )  # fmt: skip
        everyone.start()
        position = saver.restore()
        for callback in board:
            _draw_again(callback, recorder.rows)
        self._epochs(position, everyone, batch)
        # First, as early stopping may then bring back the averages of its best epoch.
        averages.settle()
        everyone.finish()
        saver.remove()
        best = stop.best_epoch if stop and stop.restore_best_weights else -1
        return Trained(recorder.rows, recorder.rows[best])

    @property
    def _heads(self) -> list[str]:
        return [head.name for head in self.data.heads]

    def _callbacks(
        self, recorder: Recorder, stop: Optional[keras.callbacks.EarlyStopping]
    ) -> list[keras.callbacks.Callback]:
        """All that may decide something. The recorder goes before those, to name a monitor that does not exist."""
        trainer = self.settings.trainer
        always = [FiniteLoss(), Progress(trainer.epochs, self.data.train.steps), recorder]
        chosen = [each for each in (stop, chosen_callbacks.reduced_rate(trainer, self._heads)) if each]
        return [*always, *chosen, *chosen_callbacks.own(trainer)]

    def _epochs(self, position: Position, everyone: keras.callbacks.CallbackList, batch: Any) -> None:
        stages = Stages(self.model, self.data.heads, self.settings.model)
        trainer, finished = self.settings.trainer, position.finished
        for epoch in range(position.epoch, trainer.epochs):
            if finished:
                break
            stages.enter(epoch, batch)
            skip = position.step if epoch == position.epoch else 0
            with compiling.explained():
                self.model.fit(
                    distribution.at_hand(self.data.train.epoch(epoch, skip), trainer),
                    validation_data=distribution.at_hand(self.data.evaluation.epoch(0), trainer),
                    # Batches on a device do not say how many they are, and Keras would begin one more.
                    steps_per_epoch=self.data.train.steps - skip if trainer.prefetch_to_device else None,
                    validation_steps=self.data.evaluation.steps if trainer.prefetch_to_device else None,
                    initial_epoch=epoch,
                    epochs=epoch + 1,
                    callbacks=everyone,
                    verbose=0,
                )
            finished = bool(self.model.stop_training)


def _draw_again(board: Board, rows: Sequence[dict[str, float]]) -> None:
    """Tell TensorBoard of the epochs that an earlier process did."""
    for row in rows:
        board.on_epoch_end(int(row["epoch"]) - 1, {name: value for name, value in row.items() if name != "epoch"})


class _Continuous(keras.callbacks.CallbackList):
    """Callbacks that see one training, though it is made of one fit per epoch."""

    def start(self) -> None:
        super().on_train_begin()

    def finish(self) -> None:
        super().on_train_end()

    def on_train_begin(self, logs: Any = None) -> None:
        """Nothing: the training began with `start`."""

    def on_train_end(self, logs: Any = None) -> None:
        """Nothing: the training ends with `finish`."""
