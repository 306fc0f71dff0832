"""A model made ready for training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from pipeline.ml.heads import Head


def compile_model(model: keras.Model, heads: Sequence[Head], optimizer: keras.Optimizer) -> None:
    """Give the model its optimizer, and each head its loss, weight and metrics."""
    model.compile(
        optimizer=optimizer,
        loss={head.name: head.loss() for head in heads},
        loss_weights={head.name: head.config.weight for head in heads},
        metrics={head.name: head.metrics() for head in heads},
        # XLA would compile again for the last, smaller batch, and string or sparse layers of a user's have no kernels.
        jit_compile=False,
    )


def make_variables(model: keras.Model, batch: Any) -> None:
    """Make the variables of optimizer, losses and metrics, which Keras would make in the first step.

    A checkpoint needs them to be there, and TensorFlow traces a step twice that makes variables.
    """
    features, labels, weights = keras.utils.unpack_x_y_sample_weight(batch)
    predictions = model(features, training=False)
    model.optimizer.build(model.trainable_variables)
    model.compute_loss(features, labels, predictions, weights)
    model.compute_metrics(features, labels, predictions, weights)
