"""The callbacks that a config asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import keras

from components.errors import ConfigError
from pipeline import references
from pipeline.config.trainer import Trainer
from pipeline.ml.monitors import direction


def early_stopping(trainer: Trainer, heads: Sequence[str]) -> Optional[keras.callbacks.EarlyStopping]:
    """What ends the training of a model with these heads, if the config says so."""
    stop = trainer.early_stopping
    if stop is None:
        return None
    mode = direction(stop.monitor, stop.mode, heads)
    return keras.callbacks.EarlyStopping(
        stop.monitor, stop.min_delta, stop.patience, mode=mode, restore_best_weights=stop.restore_best
    )


def reduced_rate(trainer: Trainer, heads: Sequence[str]) -> Optional[keras.callbacks.ReduceLROnPlateau]:
    """What lowers the learning rate, if the config says so."""
    lower = trainer.reduce_learning_rate
    if lower is None:
        return None
    mode = direction(lower.monitor, lower.mode, heads)
    return keras.callbacks.ReduceLROnPlateau(
        lower.monitor, lower.factor, lower.patience, mode=mode, min_lr=lower.min_learning_rate
    )


def own(trainer: Trainer) -> list[keras.callbacks.Callback]:
    """Those of the user's own.

    Raises:
        ConfigError: one of them is no callback.
    """
    made = [(reference, references.load(reference)()) for reference in trainer.callbacks]
    for reference, callback in made:
        if not isinstance(callback, keras.callbacks.Callback):
            raise ConfigError(f"trainer.callbacks: {reference} must make a keras Callback. Received: {callback!r}")
    return [callback for _, callback in made]
