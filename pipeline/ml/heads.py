"""Heads at training time: classes, shape of the prediction, loss, metrics and weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.errors import ConfigError
from components.signatures import label_key
from pipeline.config.model import Head as HeadConfig
from pipeline.config.model import top_k_of
from pipeline.ml import named
from pipeline.ml.soft_labels import OfLikeliest

LOSSES = {
    "binary": "binary_crossentropy",
    "multiclass": "sparse_categorical_crossentropy",
    "regression": "mean_squared_error",
}
SOFT_LOSSES = {"binary": keras.losses.BinaryCrossentropy, "multiclass": keras.losses.CategoricalCrossentropy}
ACTIVATIONS = {"binary": "sigmoid", "multiclass": "softmax", "regression": "linear"}


@dataclass(frozen=True)
class Head:
    """A head of the config with its classes known, be they fixed or the training split's."""

    config: HeadConfig
    classes: tuple[str, ...]
    """Class labels in order of their ids; none for regression."""
    mixed: bool = False
    """Training mixes the labels of several examples."""

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

    @property
    def soft(self) -> bool:
        """Whether a label is shares of classes, not a class id; that is how both mixing and smoothing are told."""
        return self.mixed or self.config.label_smoothing > 0

    def labels(self, transformed: Any) -> Any:
        """Labels for loss and metrics: ids or values [batch, 1]; of a soft head float shares [batch, units]."""
        if self.soft and self.config.task == "multiclass":
            return tf.one_hot(tf.reshape(transformed, [-1]), self.units)
        labels = tf.reshape(transformed, [-1, 1])
        return tf.cast(labels, tf.float32) if self.soft else labels

    def loss(self) -> Any:
        """The loss: of the config, or the task's usual one."""
        if self.soft:
            return SOFT_LOSSES[self.config.task](label_smoothing=self.config.label_smoothing)
        return named.get(self.config.loss or LOSSES[self.config.task], keras.losses, f"heads.{self.name}.loss")

    def metrics(self) -> list[Any]:
        """Metrics watched while training: of the config, or the task's usual ones; they always see class ids."""
        return [OfLikeliest(each) for each in self._metrics()] if self.soft else self._metrics()

    def _metrics(self) -> list[Any]:
        if self.config.metrics:
            return [self._metric(name) for name in self.config.metrics]
        if self.config.task == "binary":
            return [keras.metrics.AUC(name="auc"), keras.metrics.BinaryAccuracy(name="accuracy")]
        if self.config.task == "multiclass":
            return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
        return [keras.metrics.RootMeanSquaredError(name="rmse"), keras.metrics.MeanAbsoluteError(name="mae")]

    def _metric(self, name: str) -> Any:
        k = top_k_of(name) if self.config.task == "multiclass" else None
        if k is not None:
            return keras.metrics.SparseTopKCategoricalAccuracy(k, name=name)
        return named.get(name, keras.metrics, f"heads.{self.name}.metrics")

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


def heads_of(heads: Sequence[HeadConfig], transform: tft.TFTransformOutput, mixed: bool = False) -> tuple[Head, ...]:
    """The heads of the config; classes that the config leaves open are those of Transform's vocabulary."""
    return tuple(Head(head, _classes(head, transform), mixed) for head in heads)


def _classes(head: HeadConfig, transform: tft.TFTransformOutput) -> tuple[str, ...]:
    if head.task == "regression" or head.label_spec.classes:
        return head.label_spec.classes
    return tuple(label.decode() for label in transform.vocabulary_by_name(label_key(head.output_name)))
