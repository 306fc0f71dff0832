"""The numbers of a training that callbacks and the Tuner decide by, and which way they should go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pipeline.config.trainer import Mode, Trainer

RISING = ("accuracy", "auc", "precision", "recall", "f1", "fbeta", "top_k", "r2", "iou", "io_u", "cosine")
"""Metrics that should rise, by parts of their names."""


def watched(trainer: Trainer) -> dict[str, str]:
    """The numbers that callbacks decide by, each with the field that names it."""
    chosen = {"early_stopping": trainer.early_stopping, "reduce_learning_rate": trainer.reduce_learning_rate}
    return {each.monitor: f"trainer.{field}.monitor" for field, each in chosen.items() if each is not None}


def direction(name: str, mode: Mode, heads: Sequence[str]) -> Literal["min", "max"]:
    """Whether that column of the history of a model with these heads should fall or rise."""
    if mode != "auto":
        return mode
    if name.endswith("loss"):
        return "min"
    metric = name.removeprefix("val_")
    # Only several heads are part of the names. Of "a" and "a_b" the longer one is meant where both fit.
    prefixes = [f"{head}_" for head in heads if metric.startswith(f"{head}_")] if len(heads) > 1 else []
    metric = metric.removeprefix(max(prefixes, key=len, default="")).lower()
    return "max" if any(part in metric for part in RISING) else "min"
