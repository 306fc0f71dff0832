from __future__ import annotations

import keras
import pytest

from components.errors import ConfigError
from pipeline.config.networks import CNN, Backbone, ResNet
from pipeline.ml import networks
from tests.pipeline.ml.networks.built import features, outlined

NETWORKS = [ResNet(depth=20, filters=2), CNN(filters=(2,)), Backbone(name="VGG16")]


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.kind)
def test_two_of_a_kind_fit_into_one_model(network):
    image = keras.Input((32, 32, 3))
    both = [networks.vector(network, image, name) for name in ("left", "right")]
    model = keras.Model(image, keras.layers.Concatenate(name="both")(both))
    names = [layer.name for layer in model.layers[1:-1]]
    assert {name.partition("_")[0] for name in names} == {"left", "right"}


@pytest.mark.parametrize("network", [ResNet(depth=20, version=2, filters=2, squeeze_excitation=0.5), CNN()])
def test_layers_are_called_the_same_in_every_process(network):
    one, two = ([layer.name for layer in outlined(network, 8, 8, 3).layers[1:]] for _ in range(2))
    assert one == two
    assert not [name for name in one if name.startswith(("conv2d", "batch_norm", "dense", "activation"))]


@pytest.mark.parametrize("network", [ResNet(depth=20, filters=2, activation="rellu"), CNN(activation="rellu")])
def test_an_unknown_activation_is_answered_with_close_ones(network):
    with pytest.raises(ConfigError, match="activation: Keras knows no 'rellu'. Did you mean .*relu"):
        features(network, 8, 8, 3)
