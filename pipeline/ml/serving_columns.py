"""Raw columns as a served model is given them: which ones, by what names, and how they reach the transform graph."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from pipeline.config.features import columns_of
from pipeline.config.settings import TransformSettings
from pipeline.ml import columns, preprocessing


def serving_columns(settings: TransformSettings, spec: Mapping[str, Any]) -> tuple[str, ...]:
    """The raw columns that the features come from; a label's own columns are not among them."""
    if settings.preprocessing_fn is None:
        of_records = {column for feature in settings.features for column in columns_of(feature)}
        return tuple(sorted({*of_records, *settings.images.values()}))

    def features(inputs: Mapping[str, Any]) -> dict[str, Any]:
        return preprocessing.features_of(inputs, settings, {"settings": settings.model_dump_json()})

    return tuple(sorted(tft.get_transform_input_columns(features, {name: _type(each) for name, each in spec.items()})))


def input_names(columns: Sequence[str], renamed: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """The argument for each column: its name with underscores for what TensorFlow refuses, made unique.

    Columns that are `renamed` go by that name, and first.
    """
    names: dict[str, str] = {}
    for column in sorted(columns, key=lambda each: each not in renamed):
        name = re.sub(r"[^A-Za-z0-9_]", "_", renamed.get(column, column))
        # The name starts with a letter, and `self` is an argument of TensorFlow's own function.
        name = name if re.match(r"[A-Za-z]", name) and name != "self" else f"column_{name}"
        numbered = itertools.chain([name], (f"{name}_{number}" for number in itertools.count(2)))
        names[column] = next(each for each in numbered if each not in names.values())
    return names


def lenient(spec: Any) -> Any:
    """A column of fixed shape may be missing when serving; its place is taken by what `columns` knows as missing."""
    if not isinstance(spec, tf.io.FixedLenFeature) or spec.default_value is not None:
        return spec
    missing = np.full(spec.shape, columns.MISSING[spec.dtype])
    return tf.io.FixedLenFeature(spec.shape, spec.dtype, missing.tolist())


def raw_tensor(name: str, spec: Any) -> tf.TensorSpec:
    """The argument for a raw column: every number as float64."""
    return tf.TensorSpec([None], tf.string if spec.dtype == tf.string else tf.float64, name=name)


def pixel_tensor(name: str) -> tf.TensorSpec:
    """The argument for decoded images [n, height, width, channels]."""
    return tf.TensorSpec([None, None, None, None], tf.uint8, name=name)


def column_of(values: Any, spec: Any) -> Any:
    """A tensor [n] of the raw signature as the transform graph wants it: sparse, or dense of its fixed shape."""
    missing = values == "" if spec.dtype == tf.string else tf.math.is_nan(values)
    if spec.dtype == tf.int64:
        # Rounded: float64 holds integers exactly up to 2^53.
        values = tf.where(
            missing, tf.constant(columns.MISSING[tf.int64], tf.int64), tf.cast(tf.round(values), tf.int64)
        )
    elif spec.dtype == tf.float32:
        values = tf.cast(values, tf.float32)
    if not isinstance(spec, tf.io.VarLenFeature):
        return tf.reshape(values, [-1, *spec.shape])
    rows = tf.where(~missing)
    indices = tf.concat([rows, tf.zeros_like(rows)], axis=1)
    shape = tf.stack([tf.shape(values, tf.int64)[0], tf.constant(1, tf.int64)])
    return tf.SparseTensor(indices, tf.boolean_mask(values, ~missing), shape)


def _type(spec: Any) -> tf.TypeSpec:
    if isinstance(spec, tf.io.VarLenFeature):
        return tf.SparseTensorSpec([None, None], spec.dtype)
    return tf.TensorSpec([None, *spec.shape], spec.dtype)
