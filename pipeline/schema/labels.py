"""Which columns serving does not see."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import tensorflow as tf
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.statistics.features import top_name
from pipeline import references
from pipeline.config import Config
from pipeline.config.features import columns_of

_Type = statistics_pb2.FeatureNameStatistics
_TENSORS = {_Type.INT: tf.int64, _Type.FLOAT: tf.float32, _Type.STRING: tf.string, _Type.BYTES: tf.string}


def unserved(config: Config, statistics: statistics_pb2.DatasetFeatureStatistics) -> frozenset[str]:
    """Labels, example weights and what label functions read, but for the columns that features come from.

    Which columns a preprocessing_fn reads is not known: with one, what label functions read counts as served.
    """
    named = {head.label for head in config.heads} | {config.trainer.example_weight}
    served = {column for feature in config.features for column in columns_of(feature)}
    functions = [head.label_function for head in config.heads if head.label_function]
    read = [] if config.preprocessing_fn else [column for each in functions for column in _read(each, statistics)]
    return frozenset(column for column in {*named, *read} if column) - served


def _read(function: str, statistics: statistics_pb2.DatasetFeatureStatistics) -> list[str]:
    compute = references.load(function)
    row = _Row({top_name(each): _TENSORS[each.type] for each in statistics.features if each.type in _TENSORS})
    # A row of zeros need not make sense to it; what it has read until then is known.
    with contextlib.suppress(Exception):
        compute(row)
    return row.read


class _Row(Mapping[str, tf.Tensor]):
    """A row of zeros and empty texts that remembers which columns are asked for."""

    def __init__(self, types: Mapping[str, tf.DType]) -> None:
        self._types = types
        self.read: list[str] = []

    def __getitem__(self, column: str) -> tf.Tensor:
        value = tf.zeros([1], self._types[column])
        self.read.append(column)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)
