"""The first layers of a network for images: augmentation, which acts in training only, and normalisation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from pipeline.config.images import Color, Crop, Flip, Image, Rotation, Shift

_RANGE = (0, 255)


def augmented(pixels: Any, image: Image, name: str) -> Any:
    """uint8 pixels [batch, height, width, channels] as floats in [0, 255], varied when training."""
    floats = keras.layers.Rescaling(1.0, name=f"{name}_float")(pixels)
    chosen = [
        layer
        for place, augmentation in enumerate(image.augment)
        if augmentation != image.random_crop  # done while decoding
        for layer in _LAYERS[type(augmentation)](augmentation, image, f"{augmentation.kind}_{place}")
    ]
    return InTraining(chosen, name=f"{name}_augmented")(floats) if chosen else floats


class InTraining(keras.layers.Layer):
    """Layers that are not even part of the graph when not training.

    Keras' random layers draw their numbers there, too, and a SavedModel can't hold the state of their generators.
    """

    def __init__(self, layers: Sequence[keras.layers.Layer], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.layers = list(layers)

    def call(self, floats: Any, training: bool = False) -> Any:
        """The same shape as `floats`."""
        for layer in self.layers if training else ():
            floats = layer(floats, training=True)
        return floats

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the input."""
        return input_shape


def normalised(floats: Any, image: Image, name: str) -> Any:
    """(value / 255 - mean) / deviation, per channel."""
    mean = np.broadcast_to(np.array(image.mean), image.channels)
    deviation = np.broadcast_to(np.array(image.deviation), image.channels)
    return keras.layers.Rescaling(
        (1 / (255 * deviation)).tolist(), (-mean / deviation).tolist(), name=f"{name}_normalised"
    )(floats)


def _flip(flip: Flip, image: Image, name: str) -> list[keras.layers.Layer]:
    ways = [way for way in ("horizontal", "vertical") if getattr(flip, way)]
    return [keras.layers.RandomFlip("_and_".join(ways), name=name)] if ways else []


def _shift(shift: Shift, image: Image, name: str) -> list[keras.layers.Layer]:
    return [keras.layers.RandomTranslation(shift.height, shift.width, "nearest", name=name)]


def _crop(crop: Crop, image: Image, name: str) -> list[keras.layers.Layer]:
    # By whole pixels, into black: the same as padding and cutting out. Keras' RandomCrop cuts a batch all in one place.
    shares = crop.padding / image.height, crop.padding / image.width
    return [keras.layers.RandomTranslation(*shares, "constant", interpolation="nearest", name=name)]


def _rotation(rotation: Rotation, image: Image, name: str) -> list[keras.layers.Layer]:
    return [keras.layers.RandomRotation(rotation.degrees / 360, "nearest", name=name)]


def _color(color: Color, image: Image, name: str) -> list[keras.layers.Layer]:
    if image.channels == 3:
        return [
            keras.layers.RandomColorJitter(
                _RANGE, color.brightness, color.contrast, color.saturation, color.hue, name=name
            )
        ]
    return [
        keras.layers.RandomBrightness(color.brightness, _RANGE, name=f"{name}_brightness"),
        keras.layers.RandomContrast(color.contrast, _RANGE, name=f"{name}_contrast"),
    ]


_LAYERS: dict[type, Callable[[Any, Image, str], list[keras.layers.Layer]]] = {
    Flip: _flip,
    Shift: _shift,
    Crop: _crop,
    Rotation: _rotation,
    Color: _color,
}
