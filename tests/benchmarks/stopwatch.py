"""When each step of a training ended; a module of its own, so that a config that names it finds the same one."""

from __future__ import annotations

import time
from typing import Any

import keras


def now() -> tuple[float, float]:
    """Seconds of the clock, and of processor time."""
    return time.monotonic(), time.process_time()


class Stopwatch(keras.callbacks.Callback):
    """Notes the time after each step."""

    ends: list[tuple[float, float]] = []
    """Of the latest training."""

    def on_train_begin(self, logs: Any = None) -> None:
        """Start anew."""
        Stopwatch.ends = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Note the time."""
        Stopwatch.ends.append(now())
