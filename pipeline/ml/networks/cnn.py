"""A plain convolutional network."""

from __future__ import annotations

from typing import Any

import keras

from pipeline.config.networks import CNN
from pipeline.ml.networks.layers import Layers


def vector(network: CNN, image: Any, name: str = "") -> Any:
    """A tensor [batch, width] of a normalised image [batch, height, width, channels] of any size.

    `width` is the last of the hidden units, or of the filters where there are none.
    """
    layers = Layers(name, network.activation, network.l2)
    tensor = image
    for number, filters in enumerate(network.filters, 1):
        tensor = layers.conv(tensor, filters, network.kernel_size, f"conv{number}", bias=not network.batch_norm)
        tensor = layers.norm(tensor, f"bn{number}") if network.batch_norm else tensor
        tensor = layers.activate(tensor, f"act{number}")
        # "same" lets an image shrink to one pixel and stay there.
        tensor = keras.layers.MaxPooling2D(2, padding="same", name=layers.name(f"pool{number}"))(tensor)
    tensor = keras.layers.GlobalAveragePooling2D(name=layers.name("average"))(tensor)
    for number, units in enumerate(network.hidden_units, 1):
        tensor = layers.dropout(tensor, network.dropout, f"hidden{number}_dropout")
        tensor = layers.activate(layers.dense(tensor, units, f"hidden{number}"), f"hidden{number}_act")
    return layers.dropout(tensor, network.dropout, "dropout")
