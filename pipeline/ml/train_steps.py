"""A training step of our own, for a config to name: trainer.train_step="pipeline.ml.train_steps.sharpness_aware"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

RADIUS = 0.05
"""How far around the weights; the paper's choice for CIFAR and ImageNet."""


def sharpness_aware(
    model: keras.Model, features: Mapping[str, Any], labels: Mapping[str, Any], weights: Any
) -> dict[str, Any]:
    """Sharpness-aware minimisation (Foret et al. 2021): go by the gradient where the loss is worst within RADIUS.

    It costs two steps, and finds flatter minima, which generalise better. Where several GPUs share a batch, each looks
    for the worst point of its own share, as in the paper.
    """
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        predictions = model(features, training=True)
        loss = model.compute_loss(features, labels, predictions, weights)
        scaled = model.optimizer.scale_loss(loss)
    gradients = tape.gradient(scaled, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
    length = tf.linalg.global_norm(gradients) + 1e-12
    worst = [weight + RADIUS * gradient / length for weight, gradient in zip(variables, gradients, strict=True)]
    # The weights stay where they are, and batch normalisation's averages learn of the first pass only.
    with tf.GradientTape() as tape, keras.StatelessScope(state_mapping=list(zip(variables, worst, strict=True))):
        tape.watch(worst)
        there = model.compute_loss(features, labels, model(features, training=True), weights)
        scaled = model.optimizer.scale_loss(there)
    model.optimizer.apply_gradients(zip(tape.gradient(scaled, worst), variables, strict=True))
    return {**model.compute_metrics(features, labels, predictions, weights), "loss": loss}
