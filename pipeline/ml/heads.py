"""Heads at training time: classes, shape of the prediction, loss, metrics and weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow_transform as tft

from components.errors import ConfigError
from pipeline.config.model import Head as HeadConfig
from pipeline.config.settings import label_key
from pipeline.ml import named

LOSSES = {
    "binary": "binary_crossentropy",
    "multiclass": "sparse_categorical_crossentropy",
    "regression": "mean_squared_error",
}
ACTIVATIONS = {"binary": "sigmoid", "multiclass": "softmax", "regression": "linear"}


@dataclass(frozen=True)
class Head:
    """A head of the config with its classes known, be they fixed or the training split's."""

    config: HeadConfig
    classes: tuple[str, ...]
    """Class labels in order of their ids; none for regression."""

    @property
    def name(self) -> str:
        """The key of the head in the model's outputs, labels and weights."""
        return self.config.output_name

    @property
    def units(self) -> int:
        """Width of the prediction: 1, or for multiclass the number of classes."""
        return len(self.classes) if self.config.task == "multiclass" else 1

    @property
    def activation(self) -> str:
        """What turns the last layer into the prediction: a probability, or a value."""
        return ACTIVATIONS[self.config.task]

    @property
    def label_source(self) -> str:
        """What a message should call the label: its column or function."""
        return f"label column {self.config.label!r}" if self.config.label else f"label by {self.config.label_function}"

    def loss(self) -> Any:
        """The loss: of the config, or the task's usual one."""
        return named.get(self.config.loss or LOSSES[self.config.task], keras.losses, f"heads.{self.name}.loss")

    def metrics(self) -> list[Any]:
        """Metrics watched while training: of the config, or the task's usual ones."""
        if self.config.metrics:
            return [named.get(m, keras.metrics, f"heads.{self.name}.metrics") for m in self.config.metrics]
        if self.config.task == "binary":
            return [keras.metrics.AUC(name="auc"), keras.metrics.BinaryAccuracy(name="accuracy")]
        if self.config.task == "multiclass":
            return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
        return [keras.metrics.RootMeanSquaredError(name="rmse"), keras.metrics.MeanAbsoluteError(name="mae")]

    def class_weights(self) -> np.ndarray:
        """Weight of each class' examples in the loss, shape [classes].

        Raises:
            ConfigError: a weight for a class that there is not.
        """
        strange = sorted(set(self.config.class_weights) - set(self.classes))
        if strange:
            raise ConfigError(
                f"heads.{self.name}.class_weights: no class {', '.join(strange)}; classes: {', '.join(self.classes)}"
            )
        return np.array([self.config.class_weights.get(label, 1.0) for label in self.classes], np.float32)


def heads_of(heads: Sequence[HeadConfig], transform: tft.TFTransformOutput) -> tuple[Head, ...]:
    """The heads of the config; classes that the config leaves open are those of Transform's vocabulary."""
    return tuple(Head(head, _classes(head, transform)) for head in heads)


def _classes(head: HeadConfig, transform: tft.TFTransformOutput) -> tuple[str, ...]:
    if head.task == "regression" or head.label_spec.classes:
        return head.label_spec.classes
    return tuple(label.decode() for label in transform.vocabulary_by_name(label_key(head.output_name)))
