"""Training on transformed taxi trips as one writes it by hand: tf.data and model.fit, without Millrace around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf


def batches(
    files: Sequence[str], spec: Mapping[str, Any], label: str, head: str, batch: int, shuffle: int
) -> tf.data.Dataset:
    """Batches of (features, labels), by the guide: interleave, shuffle, batch, parse a batch at once, prefetch."""
    records = tf.data.Dataset.from_tensor_slices(list(files)).interleave(
        lambda file: tf.data.TFRecordDataset(file, "GZIP"), num_parallel_calls=tf.data.AUTOTUNE
    )

    def parse(serialized: tf.Tensor) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
        parsed = tf.io.parse_example(serialized, spec)
        labels = tf.expand_dims(parsed.pop(label), 1)
        return parsed, {head: labels}

    shuffled = records.shuffle(shuffle) if shuffle else records
    return shuffled.batch(batch).map(parse, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
