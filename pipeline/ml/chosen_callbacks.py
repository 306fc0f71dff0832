"""The callbacks that a config asks for."""

from __future__ import annotations

from typing import Union

import keras

from components.errors import ConfigError
from pipeline import references
from pipeline.config.trainer import EarlyStopping, ReduceLearningRate, Trainer

RISING = ("accuracy", "auc", "precision", "recall", "f1", "top_k", "r2", "iou", "cosine")
"""Metrics that should rise, by parts of their names."""


def watched(trainer: Trainer) -> tuple[str, ...]:
    """The numbers that callbacks decide by."""
    return tuple(each.monitor for each in (trainer.early_stopping, trainer.reduce_learning_rate) if each is not None)


def deciding(trainer: Trainer) -> list[keras.callbacks.Callback]:
    """The callbacks that change or end the training by what they see."""
    found: list[keras.callbacks.Callback] = []
    if stop := trainer.early_stopping:
        found.append(
            keras.callbacks.EarlyStopping(
                stop.monitor, stop.min_delta, stop.patience, mode=_mode(stop), restore_best_weights=stop.restore_best
            )
        )
    if lower := trainer.reduce_learning_rate:
        found.append(
            keras.callbacks.ReduceLROnPlateau(
                lower.monitor, lower.factor, lower.patience, mode=_mode(lower), min_lr=lower.min_learning_rate
            )
        )
    return found


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


def _mode(settings: Union[EarlyStopping, ReduceLearningRate]) -> str:
    if settings.mode != "auto":
        return settings.mode
    return "max" if any(part in settings.monitor.lower() for part in RISING) else "min"
