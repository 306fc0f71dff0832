"""Optimizers and learning-rate schedules."""

from __future__ import annotations

from typing import Any, Union

import keras

from components.errors import ConfigError
from pipeline import references
from pipeline.config.trainer import Schedule, Trainer
from pipeline.ml import named

Rate = Union[float, keras.optimizers.schedules.LearningRateSchedule]


def optimizer(trainer: Trainer, steps: int) -> keras.Optimizer:
    """The optimizer of the config; `steps` is the length of the whole training, for the schedule."""
    if references.is_reference(trainer.optimizer):
        made = references.load(trainer.optimizer)()
        if not isinstance(made, keras.Optimizer):
            raise ConfigError(
                f"trainer.optimizer: {trainer.optimizer} must return a keras.Optimizer. Received: {made!r}"
            )
        return made
    config = {"class_name": trainer.optimizer, "config": {}}
    made = named.keras_named(
        trainer.optimizer, lambda: keras.optimizers.get(config), keras.optimizers, "trainer.optimizer"
    )
    return type(made)(learning_rate=rate(trainer.schedule, trainer.learning_rate, steps))


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
