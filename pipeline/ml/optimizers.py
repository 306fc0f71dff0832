"""Optimizers and learning-rate schedules."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Union

import keras

from components.errors import ConfigError
from pipeline import references
from pipeline.config.trainer import Schedule, Trainer
from pipeline.ml import named
from pipeline.ml.adapted import LossScale, adapted

Rate = Union[float, keras.optimizers.schedules.LearningRateSchedule]


def optimizer(trainer: Trainer, steps: int, variables: Sequence[keras.Variable] = ()) -> keras.Optimizer:
    """The optimizer of the config for the model of these variables.

    `steps` is the length of the whole training, for the schedule.
    """
    own = references.is_reference(trainer.optimizer)
    made = _own(trainer.optimizer) if own else _of_keras(trainer, steps, variables)
    if trainer.precision == "mixed_float16" and not isinstance(made, keras.optimizers.LossScaleOptimizer):
        return LossScale(made)
    return made


def _own(reference: str) -> keras.Optimizer:
    """The user's own, which brings its own rate and settings."""
    made = references.load(reference)()
    if not isinstance(made, keras.Optimizer):
        raise ConfigError(f"trainer.optimizer: {reference} must return a keras.Optimizer. Received: {made!r}")
    if made.use_ema:
        raise ConfigError(
            f"trainer.optimizer: {reference} has use_ema, by which Keras would put the average in the place "
            "of the weights after every epoch; name a Keras optimizer, and give trainer.ema_momentum"
        )
    return made


def _of_keras(trainer: Trainer, steps: int, variables: Sequence[keras.Variable]) -> keras.Optimizer:
    config = {"class_name": trainer.optimizer, "config": {}}
    kind = named.keras_named(
        trainer.optimizer, lambda: type(keras.optimizers.get(config)), keras.optimizers, "trainer.optimizer"
    )
    strange = set(trainer.of_optimizer) - set(inspect.signature(kind).parameters)
    if strange:
        raise ConfigError(f"trainer.{', '.join(sorted(strange))}: Keras' {kind.__name__} takes no such thing")
    made = adapted(kind)(
        learning_rate=rate(trainer.schedule, trainer.learning_rate, steps),
        use_ema=trainer.ema_momentum is not None,
        **trainer.of_optimizer,
    )
    made.exclude_from_weight_decay(var_list=[each for each in variables if not each.name.endswith("kernel")])
    return made


def rate(schedule: Schedule, top: float, steps: int) -> Rate:
    """The learning rate over the steps of a training of `steps` steps, or a constant."""
    if schedule == Schedule():
        return top
    decay_steps = schedule.decay_steps or max(steps - schedule.warmup_steps, 1)
    schedules = keras.optimizers.schedules
    if schedule.kind == "cosine":
        after: Rate = schedules.CosineDecay(top, decay_steps)
    elif schedule.kind == "exponential":
        after = schedules.ExponentialDecay(top, decay_steps, schedule.decay_rate)
    elif schedule.kind == "step":
        boundaries = [step - schedule.warmup_steps for step in schedule.boundaries]
        values = [top * schedule.decay_rate**count for count in range(len(boundaries) + 1)]
        after = schedules.PiecewiseConstantDecay(boundaries, values)
    else:
        after = top
    return WarmUp(top, schedule.warmup_steps, after) if schedule.warmup_steps else after


@keras.saving.register_keras_serializable("millrace")
class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """A straight rise to `top` over the first `steps` steps (Goyal et al. 2017, section 2.2), then `after`."""

    def __init__(self, top: float, steps: int, after: Rate) -> None:
        self.top, self.steps, self.after = top, steps, after

    def __call__(self, step: Any) -> Any:
        """The rate of a step; `after` counts its steps from the end of the warm-up."""
        step = keras.ops.cast(step, "float32")
        rising = self.top * (step + 1.0) / self.steps
        past = keras.ops.maximum(step - self.steps, 0.0)
        later = self.after(past) if callable(self.after) else self.after
        return keras.ops.where(step < self.steps, rising, later)

    def get_config(self) -> dict[str, Any]:
        """Keras' way to make the schedule again."""
        return {"top": self.top, "steps": self.steps, "after": self.after}
