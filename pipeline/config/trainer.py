"""How the model is trained."""

from __future__ import annotations

from typing import Literal, Union

import pydantic

from pipeline.config.record import Record
from pipeline.references import is_reference

Mode = Literal["auto", "min", "max"]
"""Whether a watched number should fall or rise; auto knows Keras' own metrics by their names."""


class Schedule(Record):
    """The learning rate over the steps."""

    kind: Literal["constant", "cosine", "exponential", "step"] = "constant"
    warmup_steps: int = pydantic.Field(default=0, ge=0)
    decay_steps: Union[int, None] = pydantic.Field(default=None, gt=0)
    """Steps from the top to the end of the decay (exponential: per decay_rate); None takes all training steps."""
    decay_rate: float = pydantic.Field(default=0.1, gt=0)
    boundaries: tuple[int, ...] = ()
    """step: the steps at which the rate is multiplied by decay_rate."""

    @pydantic.model_validator(mode="after")
    def _complete(self) -> Schedule:
        if (self.kind == "step") != bool(self.boundaries):
            raise ValueError('kind="step" and boundaries go together')
        if self.boundaries and (
            list(self.boundaries) != sorted(set(self.boundaries)) or self.boundaries[0] <= self.warmup_steps
        ):
            raise ValueError("boundaries must rise strictly and lie after the warm-up")
        return self


class EarlyStopping(Record):
    """Stop when `monitor` has not improved for `patience` epochs."""

    monitor: str = "val_loss"
    """A column of the training history: val_loss, val_<metric>, or val_<head>_<metric> with several heads."""
    mode: Mode = "auto"
    patience: int = pydantic.Field(default=3, ge=0)
    min_delta: float = 0.0
    restore_best: bool = True


class ReduceLearningRate(Record):
    """Multiply the rate by `factor` when `monitor` has not improved for `patience` epochs."""

    monitor: str = "val_loss"
    mode: Mode = "auto"
    factor: float = pydantic.Field(default=0.5, gt=0, lt=1)
    patience: int = pydantic.Field(default=2, ge=0)
    min_learning_rate: float = pydantic.Field(default=0.0, ge=0)


class Trainer(Record):
    """Settings of the training loop; all of it goes through tf.data and keras.Model.fit."""

    epochs: int = pydantic.Field(default=5, gt=0)
    batch_size: int = pydantic.Field(default=64, gt=0)
    optimizer: str = "adam"
    """A Keras optimizer by name, or dotted path or FILE.py:NAME of a function () -> keras.Optimizer (its own rate)."""
    learning_rate: float = pydantic.Field(default=0.001, gt=0)
    schedule: Schedule = Schedule()
    example_weight: Union[str, None] = None
    """A raw numeric column that weighs each example in the loss and in the evaluation."""
    drop_remainder: bool = False
    cache: bool = True
    """Decode the examples once and keep them in memory; else they are read again in every epoch."""
    shuffle: int = pydantic.Field(default=10_000, ge=0)
    """Shuffle buffer in examples; 0 keeps the order of the files. With `cache` every epoch is a full permutation."""
    seed: int = 0
    early_stopping: Union[EarlyStopping, None] = None
    reduce_learning_rate: Union[ReduceLearningRate, None] = None
    checkpoint_steps: Union[int, None] = pydantic.Field(default=None, gt=0)
    """Write a checkpoint every so many steps, besides the one at the end of each epoch."""
    tensorboard: bool = True
    callbacks: tuple[str, ...] = ()
    """Dotted paths or FILE.py:NAME of functions () -> keras.callbacks.Callback (a class without arguments is one)."""
    warm_start: bool = False
    """Start from the weights of the latest blessed model."""
    run_fn: Union[str, None] = None
    """A user's own run_fn(fn_args), by dotted path or FILE.py:NAME, instead of ours.

    What it exports needs the signatures serving_default (for Predictions and Pusher), evaluate and transform_labels
    (for the Evaluator), as pipeline/ml/serving.py describes them.
    """

    @pydantic.model_validator(mode="after")
    def _one_rate(self) -> Trainer:
        if self.schedule == Schedule():
            return self
        if self.reduce_learning_rate is not None:
            raise ValueError("reduce_learning_rate cannot change the rate of a schedule: give only one of the two")
        if is_reference(self.optimizer):
            raise ValueError(
                f"optimizer {self.optimizer!r} brings its own rate: drop schedule, or name a Keras optimizer"
            )
        return self
