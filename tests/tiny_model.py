"""A small SavedModel with the signatures of pipeline.ml.serving, and examples for it.

Raw columns: x (number), kind (text), and the labels y (0 or 1), z (number) and c (0, 1 or 2), the weight w.
Heads by their labels: y is sigmoid(x + bias), z is 2 x + bias, c the softmax of (-x, 0, x + bias).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import tensorflow as tf

CLASSES = {"y": ["no", "yes"], "c": ["a", "b", "c"]}
SCHEMA = """
feature { name: "x" type: FLOAT }
feature { name: "kind" type: BYTES }
feature { name: "y" type: INT }
feature { name: "z" type: FLOAT }
feature { name: "c" type: INT }
feature { name: "w" type: FLOAT }
"""

_EXAMPLES = tf.TensorSpec([None], tf.string, name="examples")
_INPUTS = {"x": tf.io.FixedLenFeature([], tf.float32, 0.0)}
_LABELS = {
    "y": tf.io.FixedLenFeature([], tf.int64),
    "z": tf.io.FixedLenFeature([], tf.float32),
    "c": tf.io.FixedLenFeature([], tf.int64),
    "w": tf.io.FixedLenFeature([], tf.float32),
}


def save(folder: str, heads: tuple[str, ...] = ("y",), bias: float = 0.0) -> str:
    """Write the model and return its folder; a bias of NaN makes all answers NaN."""
    module = tf.Module()
    module.bias = tf.Variable(bias)

    def predict(x: tf.Tensor) -> dict[str, tf.Tensor]:
        answers = {
            "y": tf.sigmoid(x + module.bias)[:, None],
            "z": (2.0 * x + module.bias)[:, None],
            "c": tf.nn.softmax(tf.stack([-x, tf.zeros_like(x), x + module.bias], axis=1)),
        }
        return {head: answers[head] for head in heads}

    def answer(x: tf.Tensor) -> dict[str, tf.Tensor]:
        found: dict[str, tf.Tensor] = {}
        for head, prediction in predict(x).items():
            prefix = f"{head}_" if len(heads) > 1 else ""
            found.update({prefix + name: value for name, value in _served(head, prediction).items()})
        return found

    def raw(x: tf.Tensor, kind: tf.Tensor) -> dict[str, tf.Tensor]:
        del kind
        return answer(tf.cast(tf.where(tf.math.is_nan(x), tf.zeros_like(x), x), tf.float32))

    def labels(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        parsed = tf.io.parse_example(examples, _LABELS)
        return {**{f"label_{head}": parsed[head] for head in heads}, "example_weight": parsed["w"]}

    def of_examples(function: Callable[[tf.Tensor], Any]) -> Any:
        return tf.function(function, input_signature=[_EXAMPLES]).get_concrete_function()

    signatures = {
        "serving_default": of_examples(lambda examples: answer(tf.io.parse_example(examples, _INPUTS)["x"])),
        "evaluate": of_examples(lambda examples: predict(tf.io.parse_example(examples, _INPUTS)["x"])),
        "transform_labels": of_examples(labels),
        "raw": tf.function(raw).get_concrete_function(
            x=tf.TensorSpec([None], tf.float64, name="x"), kind=tf.TensorSpec([None], tf.string, name="kind")
        ),
    }
    tf.saved_model.save(module, folder, signatures=signatures)
    return folder


def _served(head: str, prediction: tf.Tensor) -> dict[str, tf.Tensor]:
    if head not in CLASSES:
        return {"outputs": prediction}
    scores = tf.concat([1.0 - prediction, prediction], axis=1) if head == "y" else prediction
    return {"scores": scores, "classes": tf.tile(tf.constant([CLASSES[head]]), [tf.shape(scores)[0], 1])}


def example(row: Mapping[str, Any]) -> bytes:
    """A serialised tf.Example; text, whole numbers and floats become bytes, int64 and float features."""
    features = {}
    for name, value in row.items():
        if isinstance(value, str):
            features[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))
        elif isinstance(value, int):
            features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        else:
            features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def write_split(folder: str, split: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """One GZIP shard of an Examples artifact."""
    os.makedirs(f"{folder}/Split-{split}", exist_ok=True)
    with tf.io.TFRecordWriter(f"{folder}/Split-{split}/data_tfrecord-00000-of-00001.gz", "GZIP") as writer:
        for row in rows:
            writer.write(example(row))
