"""Networks for images: from an image to the vector that the heads predict from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.config.networks import CNN, Backbone, Network, ResNet
from pipeline.ml.networks import backbone, cnn, resnet


def vector(network: Network, image: Any, name: str = "") -> Any:
    """A tensor [batch, width] of a Keras tensor `image`, floats [batch, height, width, channels].

    The floats are pixels in `network.input_range`, or normalised where that is None. The names of all layers begin
    with `name`, which tells several networks in one model apart.

    Raises:
        ConfigError: Keras has no such activation or backbone, or the backbone's weights are not what they should be.
    """
    return _BUILDERS[type(network)](network, image, name)


_BUILDERS: dict[type, Callable[[Any, Any, str], Any]] = {
    ResNet: resnet.vector,
    CNN: cnn.vector,
    Backbone: backbone.vector,
}
