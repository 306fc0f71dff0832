"""Callbacks of the training loop, and one that a config may name as an example."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Optional

import keras

from components import progress
from components.errors import ConfigError, GateError

Logs = Optional[Mapping[str, float]]
REPORT_SECONDS = 0.5


class FiniteLoss(keras.callbacks.Callback):
    """Stops the run at the first loss that is NaN or infinite, so that it never reaches the Pusher."""

    def __init__(self) -> None:
        super().__init__()
        self.first_step = 0
        """Steps of the running epoch that an earlier process did."""
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Remember which epoch the steps belong to."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Look at the loss of the step."""
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            self._stop("the loss", loss, f"epoch {self._epoch + 1}, step {self.first_step + batch + 1}")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Look at the validation loss, which also shows weights that the last step broke."""
        self.first_step = 0
        loss = (logs or {}).get("val_loss")
        if loss is not None and not math.isfinite(loss):
            self._stop("the validation loss", loss, f"the end of epoch {epoch + 1}")

    def _stop(self, what: str, value: float, where: str) -> None:
        raise GateError(
            f"{what} is {value} at {where}; training stopped, and nothing is pushed. Try a lower "
            "trainer.learning_rate, trainer.global_clipnorm, scaled features (z_score), or look for extreme values in "
            "the data"
        )


class Progress(keras.callbacks.Callback):
    """Tells the outside how far training is, twice a second."""

    def __init__(self, epochs: int, steps: int) -> None:
        super().__init__()
        self.first_step = 0
        """Steps of the running epoch that an earlier process did."""
        self._epochs, self._steps = epochs, steps
        self._epoch, self._reported = 0, 0.0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Remember which epoch the steps belong to."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Report, unless the last report is fresh."""
        if time.monotonic() - self._reported < REPORT_SECONDS:
            return
        self._reported = time.monotonic()
        self._report(self.first_step + batch + 1, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Report the whole epoch."""
        self.first_step = 0
        self._report(self._steps, logs)

    def _report(self, step: int, logs: Logs) -> None:
        loss = float((logs or {}).get("loss", math.nan))
        progress.report(epoch=self._epoch + 1, epochs=self._epochs, step=step, steps=self._steps, loss=loss)


class Recorder(keras.callbacks.Callback):
    """Keeps the numbers of every epoch, the learning rate among them."""

    def __init__(self, watched: Mapping[str, str]) -> None:
        """`watched` are the numbers that others decide by, with the fields that name them; each must be there."""
        super().__init__()
        self.rows: list[dict[str, float]] = []
        """One dict per epoch, all with the same keys."""
        self._watched = watched

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Keep the epoch's numbers."""
        numbers = {name: float(value) for name, value in (logs or {}).items()}
        for name, field in self._watched.items():
            if name not in numbers:
                raise ConfigError(
                    f"{field} {name!r} is no column of the training history: {', '.join(sorted(numbers))}"
                )
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self.rows.append({"epoch": epoch + 1, **numbers, "learning_rate": rate})


class Board(keras.callbacks.TensorBoard):
    """TensorBoard's files of each epoch's numbers.

    Keras' own makes summaries of every step, too, for which there is no writer: of a small network's step that takes a
    quarter again.
    """

    def __init__(self, folder: str) -> None:
        super().__init__(folder, write_graph=False)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Nothing."""


class StopAtLoss(keras.callbacks.Callback):
    """An example of a callback of one's own: trainer.callbacks=("pipeline.ml.callbacks.StopAtLoss",).

    Training is over once the epoch's loss is as low as `loss`.
    """

    def __init__(self, loss: float = 0.01) -> None:
        super().__init__()
        self._loss = loss

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Stop where the loss is low enough."""
        if (logs or {}).get("loss", math.inf) <= self._loss:
            self.model.stop_training = True
