"""Training on images as one writes it by hand: tf.data and model.fit, without Millrace around them."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

import pipeline.config as c

SPEC = {"image_encoded": tf.io.FixedLenFeature([], tf.string), "label_kind": tf.io.FixedLenFeature([], tf.int64)}


def batches(files: Sequence[str], image: c.Image, rows: int, batch: int, cache: bool, augment: bool) -> tf.data.Dataset:
    """Shuffled batches of (pixels, labels), by the guide: interleave, map, cache, shuffle, map, batch, prefetch.

    With `augment` the pixels are varied here, image by image, as He et al. (2015, section 4.2) did.
    """
    records = tf.data.Dataset.from_tensor_slices(list(files)).interleave(
        lambda file: tf.data.TFRecordDataset(file, "GZIP"), num_parallel_calls=tf.data.AUTOTUNE
    )

    def read(serialized: tf.Tensor) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
        parsed = tf.io.parse_single_example(serialized, SPEC)
        decode = part if image.random_crop else whole
        return {"image_encoded": decode(parsed["image_encoded"], image)}, {"kind": parsed["label_kind"][tf.newaxis]}

    if cache:
        ready = records.map(read, num_parallel_calls=tf.data.AUTOTUNE).cache().shuffle(rows)
    else:
        ready = records.shuffle(rows).map(read, num_parallel_calls=tf.data.AUTOTUNE)
    if augment:
        ready = ready.map(
            lambda features, labels: ({key: varied(pixels, image) for key, pixels in features.items()}, labels),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
    return ready.batch(batch, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def whole(encoded: tf.Tensor, image: c.Image) -> tf.Tensor:
    """All of an image that has the right size already."""
    return tf.ensure_shape(tf.io.decode_image(encoded, 3, expand_animations=False), [image.height, image.width, 3])


def part(encoded: tf.Tensor, image: c.Image) -> tf.Tensor:
    """A random part of a JPEG at the image's size, as Inception was trained."""
    assert image.random_crop is not None
    corner, size, _ = tf.image.sample_distorted_bounding_box(
        tf.io.extract_jpeg_shape(encoded),
        tf.constant([[[0.0, 0.0, 1.0, 1.0]]]),
        min_object_covered=0.0,
        aspect_ratio_range=image.random_crop.aspect,
        area_range=image.random_crop.scale,
        max_attempts=10,
    )
    pixels = tf.image.decode_and_crop_jpeg(encoded, tf.concat([corner[:2], size[:2]], axis=0), channels=3)
    sized = tf.image.resize(pixels, [image.height, image.width], antialias=image.antialias)
    return tf.cast(tf.clip_by_value(tf.round(sized), 0.0, 255.0), tf.uint8)


def varied(pixels: tf.Tensor, image: c.Image) -> tf.Tensor:
    """Mirrored or not; an image that is not a random part already is padded, and cut out again anywhere."""
    if not image.random_crop:
        padded = tf.pad(pixels, [[4, 4], [4, 4], [0, 0]])
        pixels = tf.image.random_crop(padded, [image.height, image.width, 3])
    return tf.image.random_flip_left_right(pixels)
