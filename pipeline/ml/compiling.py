"""A model made ready for training."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from components.errors import ConfigError
from pipeline.ml.heads import Head


def compile_model(model: keras.Model, heads: Sequence[Head], optimizer: keras.Optimizer, xla: bool = False) -> None:
    """Give the model its optimizer, and each head its loss, weight and metrics.

    Raises:
        ConfigError: `xla`, and some layers cannot be compiled by it.
    """
    # Not Keras' own choice, by which it would do without XLA and only warn.
    strange = [layer.name for layer in model._flatten_layers() if xla and not layer.supports_jit]
    if strange:
        raise ConfigError(
            f"trainer.xla: XLA cannot compile these layers: {', '.join(strange)}. Leave them out, or turn xla off"
        )
    model.compile(
        optimizer=optimizer,
        loss={head.name: head.loss() for head in heads},
        loss_weights={head.name: head.config.weight for head in heads},
        metrics={head.name: head.metrics() for head in heads},
        jit_compile=xla,
    )


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """XLA's refusal of an operation as an error of the config: only the first step shows which it cannot compile."""
    try:
        yield
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError) as error:
        _, refused, operations = error.message.partition("unsupported operations when trying to compile graph")
        if not refused:
            raise
        raise ConfigError(
            f"trainer.xla: XLA cannot compile operations of this model: {operations.strip().splitlines()[0]}. "
            "Replace them, or turn xla off"
        ) from error


def make_variables(model: keras.Model, batch: Any) -> None:
    """Make the variables of optimizer, losses and metrics, which Keras would make in the first step.

    A checkpoint needs them to be there, and TensorFlow traces a step twice that makes variables.
    """
    features, labels, weights = keras.utils.unpack_x_y_sample_weight(batch)
    predictions = model(features, training=False)
    model.optimizer.build(model.trainable_variables)
    model.compute_loss(features, labels, predictions, weights)
    model.compute_metrics(features, labels, predictions, weights)
