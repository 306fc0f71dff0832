from __future__ import annotations

import keras
import numpy as np
import pytest

from pipeline.config.networks import CNN
from tests.pipeline.ml.networks.built import classifier, features, losses_of_training, parameters


def test_parameters_are_those_of_its_layers():
    network = CNN(filters=(4, 8), kernel_size=5, hidden_units=(6,), batch_norm=False)
    built = features(network, 12, 12, 3)
    assert parameters(built.weights) == (25 * 3 * 4 + 4) + (25 * 4 * 8 + 8) + (8 * 6 + 6)
    normalised = features(network.model_copy(update={"batch_norm": True}), 12, 12, 3)
    assert parameters(normalised.trainable_weights) == 25 * 3 * 4 + 2 * 4 + 25 * 4 * 8 + 2 * 8 + 8 * 6 + 6


@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 9, 3)])
def test_images_of_any_size_become_a_vector(shape):
    assert features(CNN(filters=(2, 2, 5)), *shape)(np.ones((2, *shape))).shape == (2, 5)


def test_every_kernel_is_regularised_and_nothing_else():
    built = features(CNN(filters=(2, 3), hidden_units=(4,), l2=0.1), 8, 8, 1)
    kernels = [weight for weight in built.weights if weight.path.endswith("kernel")]
    assert len(built.losses) == len(kernels) == 3
    np.testing.assert_allclose(sum(built.losses), sum(0.1 * float(np.sum(np.square(w))) for w in kernels), rtol=1e-5)


def test_dropout_acts_in_training_before_every_dense_layer():
    keras.utils.set_random_seed(0)  # or all units of the last layer may happen to be zero
    built = features(CNN(filters=(64,), hidden_units=(8,), dropout=0.5), 4, 4, 1)
    images = np.random.default_rng(0).normal(size=(1, 4, 4, 1))
    assert sum(isinstance(layer, keras.layers.Dropout) for layer in built.layers) == 2
    assert not np.array_equal(built(images, training=True), built(images, training=True))
    np.testing.assert_array_equal(built(images), built(images))


def test_it_learns():
    before, after = losses_of_training(classifier(CNN(filters=(8, 8), hidden_units=(8,)), 8, 8, 3))
    assert after < before
