"""Augmentation that moves whole pixels: it keeps their type, so that images are still bytes while they are moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import keras
import tensorflow as tf


class Mirrored(keras.layers.RandomFlip):
    """Keras' layer, several times quicker: whole images are picked, where Keras decides pixel by pixel."""

    def __init__(self, way: Literal["horizontal", "vertical"], name: str) -> None:
        super().__init__(way, name=name)

    def transform_images(self, images: Any, transformation: Mapping[str, Any], training: bool = True) -> Any:
        """The same shape and type as `images` [n, height, width, channels]."""
        chosen = tf.where(tf.reshape(transformation["flips"], [-1]))
        return tf.tensor_scatter_nd_update(images, chosen, self._mirrored(tf.gather(images, chosen[:, 0])))

    def _mirrored(self, images: Any) -> Any:
        if self.mode == "vertical":
            return tf.reverse(images, [1])
        # All rows as one image: TensorFlow has a quick way for a single image of three channels.
        rows = tf.reshape(images, [-1, *images.shape[2:]])
        return tf.reshape(tf.reverse(rows, [1]), tf.shape(images))


class Cut(keras.layers.Layer):
    """Pads by black, and cuts the size out again, each image somewhere else.

    Keras' RandomCrop cuts a batch all in one place, and its RandomTranslation is slow and nothing for XLA.
    """

    def __init__(self, padding: int, name: str) -> None:
        super().__init__(name=name)
        self._padding = padding
        self._seeds = keras.random.SeedGenerator()

    def call(self, images: Any) -> Any:
        """The same shape and type as `images` [n, height, width, channels]."""
        # A line of black behind the last one is all the padding there is: every line outside is taken from it.
        padded = tf.pad(images, [[0, 0], [0, 1], [0, 1], [0, 0]])
        _, height, width, _ = images.shape
        rows, columns = (self._lines(tf.shape(images)[0], size) for size in (height, width))
        return tf.gather(tf.gather(padded, rows, axis=1, batch_dims=1), columns, axis=2, batch_dims=1)

    def _lines(self, count: Any, size: int) -> Any:
        """The lines of each image that are taken, int32 [count, size]; those outside as `size`."""
        moved = keras.random.randint([count, 1], -self._padding, self._padding + 1, seed=self._seeds)
        lines = tf.range(size) + moved
        return tf.where((lines < 0) | (lines >= size), size, lines)
