"""A model that is trained by a step of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

from components.errors import ConfigError
from pipeline import references

Step = Callable[[keras.Model, Mapping[str, Any], Mapping[str, Any], Any], Mapping[str, Any]]


def step_of(reference: str) -> Step:
    """The function that `reference` names.

    Raises:
        ConfigError: it leads nowhere, or to something else.
    """
    step = references.load(reference)
    if not callable(step):
        raise ConfigError(f"trainer.train_step: {reference} must be a function. Received: {step!r}")
    return step


class Stepped(keras.Model):
    """A functional model of the layers of `model`, with another training step; fit compiles it like Keras' own."""

    def __init__(self, model: keras.Model, reference: str) -> None:
        super().__init__(model.input, model.output, name=model.name)
        self._step, self._reference = step_of(reference), reference

    def train_step(self, data: Any) -> dict[str, Any]:
        """The step's numbers, with the loss averaged over the epoch so far, as Keras has it."""
        features, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        numbers = self._checked(self._step(self, features, labels, weights))
        # compute_loss gives each device its part of a sum over all of them.
        loss = tf.cast(numbers["loss"], tf.float32) * tf.distribute.get_strategy().num_replicas_in_sync
        average = next(metric for metric in self.metrics if metric.name == "loss")
        average.update_state(loss, sample_weight=tf.shape(next(iter(features.values())))[0])
        return {**numbers, "loss": average.result()}

    def _checked(self, numbers: Any) -> Mapping[str, Any]:
        if not isinstance(numbers, Mapping) or "loss" not in numbers:
            received = f"a dict of {sorted(numbers)}" if isinstance(numbers, Mapping) else repr(numbers)
            raise ConfigError(
                f"trainer.train_step: {self._reference} must return a dict of numbers, among them 'loss'. "
                f"Received: {received}"
            )
        for name, number in numbers.items():
            if tf.convert_to_tensor(number).shape.rank:
                raise ConfigError(
                    f"trainer.train_step: {self._reference} must return single numbers. Received: {name!r} of shape "
                    f"{tuple(number.shape)}; take its mean"
                )
        return numbers
