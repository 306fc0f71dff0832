"""Labels: from raw columns to class ids or values in Transform's graph, and the check before training.

A class id is its class' place in `classes`; MISSING and UNKNOWN are ids too, so that the check can tell
how many rows have no label, and how many have one that no class stands for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.errors import InputError
from components.signatures import label_key
from pipeline import references
from pipeline.config.model import Label
from pipeline.ml import columns
from pipeline.ml.columns import Column

MISSING = -1
UNKNOWN = -2


def label(inputs: Mapping[str, Column], spec: Label) -> tf.Tensor:
    """The label of a head, shape [batch]: float32 (NaN where missing) for regression, else int64 class ids."""
    wanted_by = f"heads: label of {spec.name!r}"
    if spec.function is not None:
        return _computed(inputs, spec)
    assert spec.column is not None
    if spec.task == "regression":
        return columns.number(inputs, spec.column, wanted_by)
    return _ids(columns.text(inputs, spec.column, wanted_by), spec)


def _computed(inputs: Mapping[str, Column], spec: Label) -> tf.Tensor:
    assert spec.function is not None
    value = references.load(spec.function)(_Holeless(inputs, spec.function))
    value = tf.reshape(tf.convert_to_tensor(value), [-1])
    if spec.task == "regression":
        return tf.cast(value, tf.float32)
    if value.dtype == tf.string:
        return _ids(value, spec)
    if value.dtype.is_floating:
        raise InputError(f"{spec.function} must return class ids or class labels, not {value.dtype.name}")
    value = tf.cast(value, tf.int64)
    if not spec.classes:
        return _ids(tf.strings.as_string(value), spec)
    return tf.where((value >= 0) & (value < len(spec.classes)), value, tf.constant(UNKNOWN, tf.int64))


class _Holeless(Mapping[str, tf.Tensor]):
    """What a label_function sees: each column when it asks for it, so that Transform reads no others."""

    def __init__(self, inputs: Mapping[str, Column], wanted_by: str) -> None:
        self._inputs, self._wanted_by = inputs, wanted_by

    def __getitem__(self, column: str) -> tf.Tensor:
        value = columns.dense(self._inputs, column, self._wanted_by)
        if value.dtype == tf.float32:
            return tf.where(tf.math.is_nan(value), 0.0, value)
        if value.dtype == tf.int64:
            return tf.where(value == columns.MISSING[tf.int64], tf.constant(0, tf.int64), value)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._inputs)

    def __len__(self) -> int:
        return len(self._inputs)


def _ids(value: tf.Tensor, spec: Label) -> tf.Tensor:
    """Class ids of class labels given as text, shape [batch]."""
    if spec.classes:
        hits = tf.equal(value[:, tf.newaxis], tf.constant(spec.classes))
        known = tf.reduce_any(hits, axis=1)
        ids = tf.argmax(tf.cast(hits, tf.int32), axis=1)
    else:
        ids = tft.compute_and_apply_vocabulary(value, default_value=UNKNOWN, vocab_filename=label_key(spec.name))
        known = ids >= 0
    absent = tf.where(value == "", tf.constant(MISSING, tf.int64), tf.constant(UNKNOWN, tf.int64))
    return tf.where(known, ids, absent)


class Tally:
    """Counts the labels of one head in one split."""

    def __init__(self, name: str, source: str, classes: tuple[str, ...]) -> None:
        """`source` is the column or function that a message should name; no classes means regression."""
        self._name, self._source, self._classes = name, source, classes
        self._counts = np.zeros(len(classes), np.int64)
        self.rows = self._missing = self._unknown = 0

    def add(self, values: np.ndarray) -> None:
        """Count the labels of some rows, shape [n]."""
        self.rows += len(values)
        if not self._classes:
            self._missing += int((~np.isfinite(values)).sum())
            return
        self._missing += int((values == MISSING).sum())
        self._unknown += int((values == UNKNOWN).sum())
        self._counts += np.bincount(values[values >= 0], minlength=len(self._classes))

    def check(self, split: str) -> None:
        """Refuse rows without a usable label, and in the training split a label that never varies.

        Raises:
            InputError: says how many rows, of which column, and what to do.
        """
        where = f"{self._source} (head {self._name!r}): {{}} of {self.rows} rows of the {split} split"
        if self._missing:
            raise InputError(
                where.format(self._missing) + " have no label. Drop these rows from the data, or compute the label "
                "with heads.label_function, which decides what a missing value means"
            )
        if self._unknown:
            raise InputError(
                where.format(self._unknown) + f" have a label that is none of the classes {self._shown()}. "
                "List every class in heads.classes, or clean the data"
            )
        seen = np.flatnonzero(self._counts)
        if split == "train" and self._classes and len(seen) == 1:
            raise InputError(
                where.format(self.rows)
                + f" have the same label, {self._classes[seen[0]]!r}. A model needs at least two "
                "classes to learn from: check the label, and how the data is split"
            )

    def _shown(self) -> str:
        few = ", ".join(map(repr, self._classes[:20]))
        return few if len(self._classes) <= 20 else f"{few} and {len(self._classes) - 20} more"
