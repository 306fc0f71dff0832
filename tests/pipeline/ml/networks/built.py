"""Networks as models, for the tests of all kinds."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from pipeline.config.networks import Network
from pipeline.ml import networks


def features(network: Network, *shape: int) -> keras.Model:
    """The network alone, from images of `shape`."""
    image = keras.Input(shape)
    return keras.Model(image, networks.vector(network, image))


def classifier(network: Network, *shape: int, classes: int = 10) -> keras.Model:
    """The network and a head."""
    image = keras.Input(shape)
    return keras.Model(image, keras.layers.Dense(classes)(networks.vector(network, image)))


def outlined(network: Network, *shape: int, classes: int = 0) -> keras.Model:
    """The network, with a head where there are classes, with the shapes of its weights but no values: built fast."""
    try:
        with keras.StatelessScope(initialize_variables=False):
            return classifier(network, *shape, classes=classes) if classes else features(network, *shape)
    finally:
        # Keras would give them values on the next occasion.
        keras.backend.clear_session()


def parameters(weights: Any) -> int:
    """How many numbers they hold."""
    return sum(int(np.prod(weight.shape)) for weight in weights)


def randomise(model: keras.Model, seed: int = 0) -> None:
    """Other values for what starts at 0 or 1, so that no weight can be forgotten or swapped unseen."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        if weight.path.endswith(("variance", "gamma")):
            weight.assign(random.uniform(0.8, 1.2, weight.shape))
        elif not weight.path.endswith(("kernel", "count")):
            weight.assign(random.normal(0, 0.1, weight.shape))


def losses_of_training(model: keras.Model) -> tuple[float, float]:
    """The loss before the first and before the second of two steps on one batch of random images."""
    random = np.random.default_rng(0)
    images = random.normal(size=(8, *model.input_shape[1:])).astype("float32")
    labels = random.integers(0, model.output_shape[-1], 8)
    keras.utils.set_random_seed(0)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), run_eagerly=True)
    first, second = (float(model.train_on_batch(images, labels)) for _ in range(2))
    return first, second
