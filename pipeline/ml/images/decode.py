"""From encoded bytes to pixels of one size: the one function that training, evaluation and serving share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from pipeline.config.images import Image

RGB = 3
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
        taken = cut(encoded, lambda shape: middle_window(shape, image))
    else:
        taken = tf.io.decode_image(encoded, RGB, expand_animations=False)
        taken.set_shape([None, None, RGB])
    return fitted(with_channels(taken, image), image)


def sized_batch(pixels: tf.Tensor, image: Image) -> tf.Tensor:
    """Decoded images of any one size, uint8 [n, h, w, 1 to 4 channels], as if they had come as PNG files."""
    is_grey = tf.shape(pixels)[-1] < RGB
    rgb = tf.cond(is_grey, lambda: tf.repeat(pixels[..., :1], RGB, axis=-1), lambda: pixels[..., :RGB])
    rgb = tf.ensure_shape(rgb, [None, None, None, RGB])
    taken = _taken(rgb, middle_window(tf.shape(rgb)[1:3], image)) if image.fit == "crop" else rgb
    return fitted(with_channels(taken, image), image)


def with_channels(pixels: tf.Tensor, image: Image) -> tf.Tensor:
    """RGB pixels [..., 3] with the image's channels."""
    return tf.image.rgb_to_grayscale(pixels) if image.channels == 1 else pixels


def fitted(pixels: tf.Tensor, image: Image) -> tf.Tensor:
    """Pixels of any size, uint8 [..., h, w, channels], at the image's size; the middle was cut out already."""
    if image.fit == "pad":
        padded = tf.image.resize_with_pad(pixels, image.height, image.width, image.resize, image.antialias)
        return _bytes(padded, pixels, image)
    return resized(pixels, image)


def resized(pixels: tf.Tensor, image: Image) -> tf.Tensor:
    """Pixels of any size, uint8 [..., h, w, channels], stretched to the image's."""
    size = [image.height, image.width]
    fits = tf.reduce_all(tf.shape(pixels)[-3:-1] == size)
    fitting = tf.cond(fits, lambda: pixels, lambda: _bytes(_sized(pixels, image), pixels, image))
    return tf.ensure_shape(fitting, [*pixels.shape[:-3], *size, image.channels])


def _sized(pixels: tf.Tensor, image: Image) -> tf.Tensor:
    def by(values: tf.Tensor, antialias: bool) -> tf.Tensor:
        return tf.image.resize(values, [image.height, image.width], image.resize, antialias=antialias)

    if not image.antialias or image.resize != "bilinear":
        return by(pixels, image.antialias)
    # Blurred is what shrinks: what grows is the same without it, in a third of the time. Floats take less than bytes.
    grows = tf.reduce_all(tf.shape(pixels)[-3:-1] <= [image.height, image.width])
    return tf.cond(grows, lambda: by(pixels, antialias=False), lambda: by(tf.cast(pixels, tf.float32), antialias=True))


def _bytes(sized: Any, pixels: tf.Tensor, image: Image) -> tf.Tensor:
    sized = tf.cast(tf.clip_by_value(tf.round(tf.cast(sized, tf.float32)), 0.0, 255.0), tf.uint8)
    return tf.ensure_shape(sized, [*pixels.shape[:-3], image.height, image.width, image.channels])


def cut(encoded: tf.Tensor, window_of: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
    """A part of an encoded image, uint8 [h, w, 3]; of a JPEG only that part is decoded.

    `window_of` takes the image's (height, width) to the part's (top, left, height, width), all int32.
    """

    def of_jpeg() -> tf.Tensor:
        window = window_of(tf.io.extract_jpeg_shape(encoded)[:2])
        return tf.image.decode_and_crop_jpeg(encoded, window, channels=RGB)

    def of_another() -> tf.Tensor:
        pixels = tf.io.decode_image(encoded, RGB, expand_animations=False)
        return _taken(pixels, window_of(tf.shape(pixels)[:2]))

    return tf.ensure_shape(tf.cond(tf.io.is_jpeg(encoded), of_jpeg, of_another), [None, None, RGB])


def _taken(pixels: tf.Tensor, window: tf.Tensor) -> tf.Tensor:
    """The window of pixels [..., h, w, channels]."""
    top, left, height, width = tf.unstack(window)
    return pixels[..., top : top + height, left : left + width, :]


def middle_window(shape: tf.Tensor, image: Image) -> tf.Tensor:
    """(top, left, height, width) of the middle of an image of `shape` (height, width), all int32.

    It has the image's aspect, and `image.share` of the greatest size that fits.
    """
    height, width = tf.unstack(tf.cast(shape, tf.float32))
    scale = image.share * tf.minimum(height / image.height, width / image.width)
    size = tf.maximum(tf.round(tf.stack([scale * image.height, scale * image.width])), 1.0)
    corner = tf.floor((tf.stack([height, width]) - size) / 2)
    return tf.cast(tf.concat([corner, size], axis=0), tf.int32)
