"""Transform's graph as a function, for export.

tft.TFTransformOutput.transform_features_layer does the same as a layer of Keras 2, which costs half a
minute when it is saved inside another model (autograph rewrites the layer's own source). This is the
graph alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft


class TransformGraph(tf.Module):
    """Raw columns to transformed ones. Columns may be left out: outputs that need them are then meaningless."""

    def __init__(self, transform: tft.TFTransformOutput) -> None:
        super().__init__()
        # Held, because the function reads the tables that belong to it.
        self._loaded = tf.saved_model.load(transform.transform_savedmodel_dir)
        self._columns: Mapping[str, tf.TypeSpec] = self._loaded.transform_fn.structured_input_signature[0][0]

    def __call__(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """All transformed columns; `raw` holds tensors or sparse tensors by column, with the batch first."""
        first = next(iter(raw.values()))
        rows = first.dense_shape[0] if isinstance(first, tf.SparseTensor) else tf.shape(first, tf.int64)[0]
        columns = {name: raw[name] if name in raw else _nothing(spec, rows) for name, spec in self._columns.items()}
        return dict(self._loaded.transform_fn(*tf.nest.flatten(columns, expand_composites=True)))


def _nothing(spec: Any, rows: Any) -> Any:
    """A column of `rows` rows without a value."""
    if isinstance(spec, tf.SparseTensorSpec):
        shape = tf.stack([rows, tf.constant(0, tf.int64)])
        return tf.SparseTensor(tf.zeros([0, 2], tf.int64), tf.zeros([0], spec.dtype), shape)
    return tf.zeros(tf.concat([[rows], tf.constant(spec.shape[1:].as_list(), tf.int64)], axis=0), spec.dtype)
