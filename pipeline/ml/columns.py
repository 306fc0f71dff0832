"""Raw columns as dense tensors, whichever way the schema makes them arrive.

A column without a fixed shape in the schema is a SparseTensor and simply lacks missing values. A column
with one is dense; there NaN, "" and the smallest int64 stand for a missing value, which only occurs when
serving (training data with a hole breaks such a schema, and the run stops before Transform).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Union

import tensorflow as tf

from components.errors import InputError, close_matches

Column = Union[tf.Tensor, tf.SparseTensor]
MISSING = {tf.string: "", tf.float32: float("nan"), tf.int64: tf.int64.min}
"""What stands for a missing value in a dense column."""


def dense(inputs: Mapping[str, Column], column: str, wanted_by: str) -> tf.Tensor:
    """`column` in its own type, shape [batch], with MISSING in the holes.

    Raises:
        InputError: the schema has no such column.
        tf.errors.InvalidArgumentError: a row has more than one value (raised when the graph runs).
    """
    if column not in inputs:
        raise InputError(
            f"{wanted_by}: the data has no column {column!r}.{close_matches(column, list(inputs))} "
            f"Columns: {', '.join(sorted(inputs))}"
        )
    value = inputs[column]
    if isinstance(value, tf.SparseTensor):
        one_per_row = tf.SparseTensor(value.indices, value.values, [value.dense_shape[0], 1])
        value = tf.sparse.to_dense(one_per_row, default_value=tf.constant(MISSING[value.dtype], value.dtype))
    return tf.reshape(value, [-1])


def number(inputs: Mapping[str, Column], column: str, wanted_by: str) -> tf.Tensor:
    """`column` as float32, shape [batch], NaN where missing."""
    value = dense(inputs, column, wanted_by)
    if value.dtype == tf.string:
        raise InputError(f"{wanted_by}: column {column!r} is text, not a number")
    if value.dtype == tf.int64:
        return tf.where(value == MISSING[tf.int64], float("nan"), tf.cast(value, tf.float32))
    return value


def text(inputs: Mapping[str, Column], column: str, wanted_by: str) -> tf.Tensor:
    """`column` as text, shape [batch], "" where missing; integers in decimal, and whole floats like integers.

    A column of integers with holes is often written as 1.0, 2.0: those are the values 1 and 2 here.

    Raises:
        tf.errors.InvalidArgumentError: a float that is no whole number (raised when the graph runs).
    """
    value = dense(inputs, column, wanted_by)
    if value.dtype == tf.string:
        return value
    whole = integer(inputs, column, wanted_by)
    return tf.where(whole == MISSING[tf.int64], "", tf.strings.as_string(whole))


def encoded(inputs: Mapping[str, Column], column: str) -> tf.Tensor:
    """`column` as the bytes of images, shape [batch], "" where missing."""
    value = dense(inputs, column, "features: image")
    if value.dtype != tf.string:
        raise InputError(f"features: image of {column!r}: the column holds numbers, not the bytes of images")
    return value


def integer(inputs: Mapping[str, Column], column: str, wanted_by: str) -> tf.Tensor:
    """`column` as int64, shape [batch], the smallest int64 where missing; whole floats are integers."""
    value = dense(inputs, column, wanted_by)
    if value.dtype == tf.string:
        raise InputError(f"{wanted_by}: column {column!r} is text, not integers")
    if value.dtype == tf.int64:
        return value
    missing = tf.math.is_nan(value)
    known = tf.where(missing, 0.0, value)
    message = f"{wanted_by}: column {column!r} holds a number that is not whole; use buckets, or data.text_columns"
    with tf.control_dependencies([tf.debugging.assert_equal(known, tf.round(known), message)]):
        return tf.where(missing, MISSING[tf.int64], tf.cast(known, tf.int64))
