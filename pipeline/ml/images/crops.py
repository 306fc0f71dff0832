"""Random parts of images, for training only: each has a window of its own, and of a JPEG only that is decoded.

A part may be mirrored, too.
"""

from __future__ import annotations

import tensorflow as tf

from pipeline.config.images import Flip, Image, RandomCrop
from pipeline.ml.images import decode as decoding

ATTEMPTS = 10
"""Windows drawn until one has the wanted scale and aspect; after that the whole image is taken."""


def decode(encoded: tf.Tensor, image: Image, crop: RandomCrop, seed: tf.Tensor) -> tf.Tensor:
    """A random part of one encoded image, uint8 [height, width, channels]; random by `seed` [2] alone."""
    part = decoding.cut(encoded, lambda shape: random_window(shape, crop, seed))
    sized = decoding.resized(decoding.with_channels(part, image), image)
    return _mirrored(sized, image.flip_of_crop, seed) if image.flip_of_crop else sized


def _mirrored(pixels: tf.Tensor, flip: Flip, seed: tf.Tensor) -> tf.Tensor:
    """Each way with an even chance."""
    # With the window's own seed its place would tell the way.
    if flip.horizontal:
        pixels = tf.image.stateless_random_flip_left_right(pixels, seed + [1, 0])
    if flip.vertical:
        pixels = tf.image.stateless_random_flip_up_down(pixels, seed + [2, 0])
    return pixels


def random_window(shape: tf.Tensor, crop: RandomCrop, seed: tf.Tensor) -> tf.Tensor:
    """(top, left, height, width) somewhere in an image of `shape` (height, width), all int32."""
    corner, size, _ = tf.image.stateless_sample_distorted_bounding_box(
        tf.concat([shape, [decoding.RGB]], axis=0),
        tf.constant([[[0.0, 0.0, 1.0, 1.0]]]),
        seed,
        min_object_covered=0.0,
        aspect_ratio_range=crop.aspect,
        area_range=crop.scale,
        max_attempts=ATTEMPTS,
    )
    return tf.concat([corner[:2], size[:2]], axis=0)
