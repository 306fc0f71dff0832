"""Checkpoints: everything that training needs to go on as if it had never stopped.

One file holds the variables of model (with the state of its random numbers), optimizer and metrics, the
state of the callbacks that decide, the history, and the place in the data. It is written beside and
renamed, so that it is whole whenever it is there. Its name is a digest of all that the training depends
on: a checkpoint of other settings or other data is never found.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import keras
import numpy as np
from tfx.dsl.io import fileio

from pipeline.ml.callbacks import FiniteLoss, Logs, Progress, Recorder

# What these callbacks know of the epochs so far; Keras gives them no way to save it.
STATE: dict[type, tuple[str, ...]] = {
    keras.callbacks.EarlyStopping: ("wait", "best", "best_epoch", "stopped_epoch", "best_weights"),
    keras.callbacks.ReduceLROnPlateau: ("wait", "best", "cooldown_counter"),
}


@dataclass(frozen=True)
class Position:
    """Where training stands."""

    epoch: int = 0
    """The running epoch, from 0."""
    step: int = 0
    """Steps of it that are done."""
    finished: bool = False
    """A callback ended the training."""


def digest(parts: Any) -> str:
    """A name for what a training depends on, given as JSON-able data."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def variables_of(model: keras.Model) -> dict[str, keras.Variable]:
    """Every variable of model, optimizer and metrics, by a name that is the same in every process."""
    groups = {"model": model.variables, "optimizer": model.optimizer.variables, "metrics": model.metrics_variables}
    return {f"{group}/{index}": each for group, members in groups.items() for index, each in enumerate(members)}


class Checkpoints(keras.callbacks.Callback):
    """Writes the checkpoint at the end of every epoch, and every `every` steps. Comes last among the callbacks."""

    def __init__(
        self, folder: str, key: str, every: Optional[int], steps: int, watched: Sequence[keras.callbacks.Callback]
    ) -> None:
        """`steps` is the length of an epoch; of `watched`, the other callbacks, what is known to be state is saved."""
        super().__init__()
        self._folder, self._path = folder, os.path.join(folder, f"{key}.npz")
        self._every, self._steps = every, steps
        self._watched = list(watched)
        self._position = Position()
        self._resumed: Mapping[str, Any] = {}

    def restore(self) -> Position:
        """Bring back the state of the checkpoint, if there is one, into a model that has all its variables."""
        if not fileio.exists(self._path):
            return Position()
        with fileio.open(self._path, "rb") as file:
            arrays = dict(np.load(io.BytesIO(file.read()), allow_pickle=False))
        saved = json.loads(str(arrays.pop("json")))
        for name, variable in variables_of(self.model).items():
            variable.assign(arrays[name])
        # Every fit starts by resetting them, so they come back once it has begun.
        self._resumed = {name: array for name, array in arrays.items() if name.startswith("metrics/")}
        self._restore_callbacks(saved, arrays)
        self._position = Position(**saved["position"])
        for callback in self._watched:
            if isinstance(callback, (FiniteLoss, Progress)):
                callback.first_step = self._position.step
        return self._position

    def remove(self) -> None:
        """Training is over: the checkpoint has served."""
        if fileio.exists(self._folder):
            fileio.rmtree(self._folder)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Go on with the metrics of the interrupted epoch, which fit has just reset."""
        if epoch != self._position.epoch:
            self._position = Position(epoch)
        if self._position.step:
            for name, variable in variables_of(self.model).items():
                if name in self._resumed:
                    variable.assign(self._resumed[name])

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Count the step, and save when it is time."""
        self._position = Position(self._position.epoch, self._position.step + 1)
        # Not by the optimizer's count, which leaves out the steps whose gradient overflows in float16.
        due = self._every and (self._position.epoch * self._steps + self._position.step) % self._every == 0
        # An epoch is not over with its last step: one without any steps left would have no numbers of its own.
        if due and self._position.step < self._steps:
            self._save()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Save the end of the epoch."""
        self._position = Position(epoch + 1, 0, finished=bool(self.model.stop_training))
        self._save()

    def _save(self) -> None:
        arrays = {name: keras.ops.convert_to_numpy(each) for name, each in variables_of(self.model).items()}
        saved: dict[str, Any] = {"position": vars(self._position), "callbacks": [], "rows": []}
        for index, callback in enumerate(self._watched):
            if isinstance(callback, Recorder):
                saved["rows"] = callback.rows
            state = {name: getattr(callback, name) for name in STATE.get(type(callback), ())}
            for place, weights in enumerate(state.pop("best_weights", None) or []):
                arrays[f"best/{index}/{place}"] = weights
            saved["callbacks"].append({name: _plain(value) for name, value in state.items()})
        buffer = io.BytesIO()
        np.savez(buffer, json=np.array(json.dumps(saved)), **arrays)
        fileio.makedirs(self._folder)
        with fileio.open(f"{self._path}.tmp", "wb") as file:
            file.write(buffer.getvalue())
        fileio.rename(f"{self._path}.tmp", self._path, overwrite=True)

    def _restore_callbacks(self, saved: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        for index, (callback, state) in enumerate(zip(self._watched, saved["callbacks"], strict=True)):
            if isinstance(callback, Recorder):
                callback.rows[:] = saved["rows"]
            for name, value in state.items():
                setattr(callback, name, value)
            count = sum(name.startswith(f"best/{index}/") for name in arrays)
            if count:
                callback.best_weights = [arrays[f"best/{index}/{place}"] for place in range(count)]


def _plain(value: Any) -> Any:
    return None if value is None else float(value) if isinstance(value, (float, np.floating)) else int(value)
