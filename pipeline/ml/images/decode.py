"""From encoded bytes to pixels of one size: the one function that training, evaluation and serving share."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from pipeline.config.images import Image

_RGB = 3
"""Decoded from every format; TensorFlow has no grey of BMP, GIF and CMYK JPEG."""


def decode_batch(encoded: tf.Tensor, image: Image) -> tf.Tensor:
    """Encoded images [n] as uint8 [n, height, width, channels].

    Raises:
        tf.errors.InvalidArgumentError: one of them is no image (raised when the graph runs).
    """
    pixels = tf.TensorSpec([image.height, image.width, image.channels], tf.uint8)
    return tf.map_fn(lambda each: decode(each, image), encoded, fn_output_signature=pixels)


def decode(encoded: tf.Tensor, image: Image) -> tf.Tensor:
    """One encoded image as uint8 [height, width, channels]."""
    if image.fit == "crop":
        whole = _middle(encoded, image)
    else:
        whole = tf.io.decode_image(encoded, _RGB, expand_animations=False)
        whole.set_shape([None, None, _RGB])
    return fitted(_colours(whole, image), image)


def sized_batch(pixels: tf.Tensor, image: Image) -> tf.Tensor:
    """Decoded images of any one size, uint8 [n, h, w, 1 to 4 channels], as if they had come as PNG files."""
    is_grey = tf.shape(pixels)[-1] < _RGB
    rgb = tf.cond(is_grey, lambda: tf.repeat(pixels[..., :1], _RGB, axis=-1), lambda: pixels[..., :_RGB])
    rgb = tf.ensure_shape(rgb, [None, None, None, _RGB])
    return fitted(_colours(_cut(rgb, image) if image.fit == "crop" else rgb, image), image)


def _colours(rgb: tf.Tensor, image: Image) -> tf.Tensor:
    return tf.image.rgb_to_grayscale(rgb) if image.channels == 1 else rgb


def fitted(pixels: tf.Tensor, image: Image) -> tf.Tensor:
    """Pixels of any size, uint8 [..., h, w, channels], at the image's size; the middle was cut out already."""
    sized: Any
    if image.fit == "pad":
        sized = tf.image.resize_with_pad(pixels, image.height, image.width, image.resize, image.antialias)
    else:
        sized = tf.image.resize(pixels, [image.height, image.width], image.resize, antialias=image.antialias)
    sized = tf.cast(tf.clip_by_value(tf.round(tf.cast(sized, tf.float32)), 0.0, 255.0), tf.uint8)
    return tf.ensure_shape(sized, [*pixels.shape[:-3], image.height, image.width, image.channels])


def _middle(encoded: tf.Tensor, image: Image) -> tf.Tensor:
    """The largest part in the middle that has the image's aspect; of a JPEG only that part is decoded."""

    def of_jpeg() -> tf.Tensor:
        window = middle_window(tf.io.extract_jpeg_shape(encoded)[:2], image)
        return tf.image.decode_and_crop_jpeg(encoded, window, channels=_RGB)

    def of_another() -> tf.Tensor:
        return _cut(tf.io.decode_image(encoded, _RGB, expand_animations=False), image)

    cut = tf.cond(tf.io.is_jpeg(encoded), of_jpeg, of_another)
    return tf.ensure_shape(cut, [None, None, _RGB])


def _cut(pixels: tf.Tensor, image: Image) -> tf.Tensor:
    """The middle of pixels [..., h, w, channels]."""
    top, left, height, width = tf.unstack(middle_window(tf.shape(pixels)[-3:-1], image))
    return pixels[..., top : top + height, left : left + width, :]


def middle_window(shape: tf.Tensor, image: Image) -> tf.Tensor:
    """(top, left, height, width) of the middle of an image of `shape` (height, width), all int32."""
    height, width = tf.unstack(tf.cast(shape, tf.float32))
    scale = tf.minimum(height / image.height, width / image.width)
    size = tf.maximum(tf.round(tf.stack([scale * image.height, scale * image.width])), 1.0)
    corner = tf.floor((tf.stack([height, width]) - size) / 2)
    return tf.cast(tf.concat([corner, size], axis=0), tf.int32)
