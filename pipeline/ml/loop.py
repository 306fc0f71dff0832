"""The training loop: from the last checkpoint on, one fit per epoch.

Each epoch is a fit of its own, because its batches are its own: that is what lets an interrupted training go on
in the middle of an epoch with exactly the batches that are left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from pipeline.config.settings import TrainerSettings
from pipeline.ml import chosen_callbacks, compiling
from pipeline.ml.averages import Averages
from pipeline.ml.callbacks import FiniteLoss, Progress, Recorder
from pipeline.ml.checkpoints import Checkpoints, Position
from pipeline.ml.datasets import Source
from pipeline.ml.heads import Head
from pipeline.ml.stages import Stages


@dataclass(frozen=True)
class Loop:
    """What a training is made of.

    Attributes:
        model: compiled.
        checkpoints, key: the folder of the checkpoint, and its name.
        boards: the folder for TensorBoard.
        watched: numbers that the history must have, besides those that callbacks watch, with the fields that name them.
    """

    model: keras.Model
    heads: Sequence[Head]
    train: Source
    evaluation: Source
    settings: TrainerSettings
    checkpoints: str
    key: str
    boards: str
    watched: Mapping[str, str] = field(default_factory=dict)

    def run(self) -> list[dict[str, float]]:
        """Train, and return the numbers of every epoch."""
        batch = next(iter(self.evaluation.epoch(0)))
        compiling.make_variables(self.model, batch)
        trainer = self.settings.trainer
        recorder = Recorder({**chosen_callbacks.watched(trainer), **self.watched})
        others = self._callbacks(recorder)
        saver = Checkpoints(self.checkpoints, self.key, trainer.checkpoint_steps, self.train.steps, others)
        board = [keras.callbacks.TensorBoard(self.boards, write_graph=False)] if trainer.tensorboard else []
        averages = Averages()
        # The checkpoint comes last, to see all others' decisions.
        everyone = _Continuous(
            [*others, *board, averages, saver],
            add_history=True, model=self.model, epochs=trainer.epochs, steps=self.train.steps,
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
        return recorder.rows

    def _callbacks(self, recorder: Recorder) -> list[keras.callbacks.Callback]:
        """All that may decide something. The recorder goes before those, to name a monitor that does not exist."""
        trainer = self.settings.trainer
        always = [FiniteLoss(), Progress(trainer.epochs, self.train.steps), recorder]
        return [*always, *chosen_callbacks.deciding(trainer), *chosen_callbacks.own(trainer)]

    def _epochs(self, position: Position, everyone: keras.callbacks.CallbackList, batch: Any) -> None:
        stages = Stages(self.model, self.heads, self.settings.model)
        finished = position.finished
        for epoch in range(position.epoch, self.settings.trainer.epochs):
            if finished:
                break
            stages.enter(epoch, batch)
            with compiling.explained():
                self.model.fit(
                    self.train.epoch(epoch, skip=position.step if epoch == position.epoch else 0),
                    validation_data=self.evaluation.epoch(0),
                    initial_epoch=epoch,
                    epochs=epoch + 1,
                    callbacks=everyone,
                    verbose=0,
                )
            finished = bool(self.model.stop_training)


def _draw_again(board: keras.callbacks.TensorBoard, rows: Sequence[dict[str, float]]) -> None:
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
