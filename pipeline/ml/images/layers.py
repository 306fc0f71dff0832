"""The first layers of a network for images: augmentation, which acts in training only, and normalisation."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Literal

import keras
import numpy as np

from pipeline.config.images import Augmentation, Color, Crop, Flip, Image, Rotation, Shift
from pipeline.ml.images import moves

_RANGE = (0, 255)


def augmented(pixels: Any, image: Image, name: str) -> Any:
    """uint8 pixels [batch, height, width, channels], varied when training; floats in [0, 255] where that makes them."""
    # A random crop was done while decoding, and a flip right after it.
    done = sum(each is not None for each in (image.random_crop, image.flip_of_crop))
    chosen = list(enumerate(image.augment))[done:]
    # Bytes are moved in a quarter of the time of floats.
    whole = list(itertools.takewhile(lambda each: isinstance(each[1], (Flip, Crop)), chosen))
    blended = chosen[len(whole) :]
    moved = _varied(pixels, whole, image, f"{name}_moved")
    return _varied(floats(moved, name), blended, image, f"{name}_augmented") if blended else moved


def floats(pixels: Any, name: str) -> Any:
    """The same values as floats."""
    if keras.backend.is_float_dtype(pixels.dtype):
        return pixels
    return keras.layers.Rescaling(1.0, name=f"{name}_float")(pixels)


def _varied(pixels: Any, chosen: Sequence[tuple[int, Augmentation]], image: Image, name: str) -> Any:
    layers = [
        layer
        for place, augmentation in chosen
        for layer in _LAYERS[type(augmentation)](augmentation, image, f"{augmentation.kind}_{place}")
    ]
    return InTraining(layers, name=name)(pixels) if layers else pixels


class InTraining(keras.layers.Layer):
    """Layers that are not even part of the graph when not training.

    Keras' random layers draw their numbers there, too, and a SavedModel can't hold the state of their generators.
    """

    def __init__(self, layers: Sequence[keras.layers.Layer], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.layers = list(layers)

    def call(self, pixels: Any, training: bool = False) -> Any:
        """The same shape as `pixels`."""
        for layer in self.layers if training else ():
            pixels = layer(pixels, training=True)
        return pixels

    def build(self, input_shape: Any) -> None:
        """Nothing: layers that vary images have no weights."""

    def compute_output_spec(self, pixels: Any, training: bool = False) -> Any:
        """That of the input."""
        return keras.KerasTensor(pixels.shape, pixels.dtype)


def normalised(pixels: Any, image: Image, name: str) -> Any:
    """(value / 255 - mean) / deviation, per channel."""
    mean = np.broadcast_to(np.array(image.mean), image.channels)
    deviation = np.broadcast_to(np.array(image.deviation), image.channels)
    return keras.layers.Rescaling(
        (1 / (255 * deviation)).tolist(), (-mean / deviation).tolist(), name=f"{name}_normalised"
    )(pixels)


def _flip(flip: Flip, image: Image, name: str) -> list[keras.layers.Layer]:
    # A layer each: Keras' own one for both ways mirrors an image either both ways or not at all.
    ways: tuple[Literal["horizontal", "vertical"], ...] = ("horizontal", "vertical")
    return [moves.Mirrored(way, f"{name}_{way}") for way in ways if getattr(flip, way)]


def _shift(shift: Shift, image: Image, name: str) -> list[keras.layers.Layer]:
    return [keras.layers.RandomTranslation(shift.height, shift.width, "nearest", name=name)]


def _crop(crop: Crop, image: Image, name: str) -> list[keras.layers.Layer]:
    return [moves.Cut(crop.padding, name)]


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
