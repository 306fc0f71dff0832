"""The callbacks that a config asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import keras

from components.errors import ConfigError
from pipeline import references
from pipeline.config.trainer import Mode, Trainer

RISING = ("accuracy", "auc", "precision", "recall", "f1", "top_k", "r2", "iou", "cosine")
"""Metrics that should rise, by parts of their names."""


def watched(trainer: Trainer) -> dict[str, str]:
    """The numbers that callbacks decide by, each with the field that names it."""
    chosen = {"early_stopping": trainer.early_stopping, "reduce_learning_rate": trainer.reduce_learning_rate}
    return {each.monitor: f"trainer.{field}.monitor" for field, each in chosen.items() if each is not None}


def kept(trainer: Trainer, rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Of the numbers of every epoch those that belong to the weights which the training leaves."""
    stop, kept = trainer.early_stopping, rows[-1]
    if stop and stop.restore_best:
        kept, sign = rows[0], 1 if direction(stop.monitor, stop.mode) == "max" else -1
        for row in rows[1:]:
            if sign * (row[stop.monitor] - kept[stop.monitor]) > stop.min_delta:
                kept = row
    return kept


def deciding(trainer: Trainer) -> list[keras.callbacks.Callback]:
    """The callbacks that change or end the training by what they see."""
    found: list[keras.callbacks.Callback] = []
    if stop := trainer.early_stopping:
        mode = direction(stop.monitor, stop.mode)
        found.append(
            keras.callbacks.EarlyStopping(
                stop.monitor, stop.min_delta, stop.patience, mode=mode, restore_best_weights=stop.restore_best
            )
        )
    if lower := trainer.reduce_learning_rate:
        mode = direction(lower.monitor, lower.mode)
        found.append(
            keras.callbacks.ReduceLROnPlateau(
                lower.monitor, lower.factor, lower.patience, mode=mode, min_lr=lower.min_learning_rate
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


def direction(name: str, mode: Mode) -> Literal["min", "max"]:
    """Whether that number should fall or rise."""
    if mode != "auto":
        return mode
    return "max" if any(part in name.lower() for part in RISING) else "min"
