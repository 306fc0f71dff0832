"""Random parts of images, for training only: each has a window of its own, and of a JPEG only that is decoded."""

from __future__ import annotations

import tensorflow as tf

from pipeline.config.images import Image, RandomCrop
from pipeline.ml.images import decode

ATTEMPTS = 10
"""Windows drawn until one has the wanted scale and aspect; after that the whole image is taken."""


def decode_batch(encoded: tf.Tensor, image: Image, crop: RandomCrop, seed: tf.Tensor) -> tf.Tensor:
    """A random part of each encoded image [n], uint8 [n, height, width, channels]; random by `seed` [2] alone."""
    encoded = tf.reshape(encoded, [-1])
    seeds = tf.random.experimental.stateless_split(seed, tf.size(encoded))

    def one(pair: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        part = decode.cut(pair[0], lambda shape: random_window(shape, crop, pair[1]))
        return decode.resized(decode.with_channels(part, image), image)

    pixels = tf.TensorSpec([image.height, image.width, image.channels], tf.uint8)
    return tf.map_fn(one, (encoded, seeds), fn_output_signature=pixels)


def random_window(shape: tf.Tensor, crop: RandomCrop, seed: tf.Tensor) -> tf.Tensor:
    """(top, left, height, width) somewhere in an image of `shape` (height, width), all int32."""
    corner, size, _ = tf.image.stateless_sample_distorted_bounding_box(
        tf.concat([shape, [decode.RGB]], axis=0),
        tf.constant([[[0.0, 0.0, 1.0, 1.0]]]),
        seed,
        min_object_covered=0.0,
        aspect_ratio_range=crop.aspect,
        area_range=crop.scale,
        max_attempts=ATTEMPTS,
    )
    return tf.concat([corner[:2], size[:2]], axis=0)
