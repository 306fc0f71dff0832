"""The most frequent values of text, and how many different ones there are.

TFDV's own exact generator is a shuffle of Beam's, of every value of every batch; its other one estimates. This one is
exact and can be merged: memory holds each different value once, as Arrow does, with its count.
"""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.arrow import arrow_util
from tensorflow_data_validation.statistics.generators.stats_generator import CombinerStatsGenerator
from tensorflow_data_validation.types import FeaturePath
from tensorflow_data_validation.utils import schema_util, stats_util
from tensorflow_data_validation.utils import top_k_uniques_stats_util as tops
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx_bsl.arrow import array_util

_TOGETHER = 1 << 16
"""Counts are added up when there are so many, or as many as were left the last time."""


class Tally:
    """How often each value occurs."""

    def __init__(self) -> None:
        self._counted: list[pa.Table] = []
        self._rows = 0
        self._distinct = 0

    def add(self, counts: pa.Table) -> None:
        """Count more; a table of `value` and `count`."""
        self._counted.append(counts)
        self._rows += len(counts)
        if self._rows > 2 * self._distinct + _TOGETHER:
            self.table()

    def merge(self, other: "Tally") -> None:
        """Count what `other` has counted."""
        self.add(other.table())

    def table(self) -> pa.Table:
        """Each value once."""
        if len(self._counted) > 1:
            summed = pa.concat_tables(self._counted).group_by("value").aggregate([("count", "sum")])
            self._counted = [pa.table({"value": summed["value"], "count": summed["count_sum"]})]
        [table] = self._counted
        self._rows = self._distinct = len(table)
        return table


class TopValues(CombinerStatsGenerator):
    """Of text, and of whole numbers that a schema calls categorical, without weights."""

    def __init__(self, options: tfdv.StatsOptions) -> None:
        super().__init__("TopValues", options.schema)
        self._options = options
        self._bytes = frozenset(schema_util.get_bytes_features(options.schema) if options.schema else ())
        self._numbers = schema_util.get_categorical_numeric_feature_types(options.schema) if options.schema else {}

    def create_accumulator(self) -> dict[FeaturePath, Tally]:
        """See TFDV."""
        return {}

    def add_input(self, accumulator: dict[FeaturePath, Tally], batch: pa.RecordBatch) -> dict[FeaturePath, Tally]:
        """See TFDV."""
        for path, array, _ in arrow_util.enumerate_arrays(batch, example_weight_map=None, enumerate_leaves_only=True):
            if self._counts(path, stats_util.get_feature_type_from_arrow_type(path, array.type)):
                values, _ = array_util.flatten_nested(array, False)
                if len(values):
                    accumulator.setdefault(path, Tally()).add(_counted(values))
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[dict[FeaturePath, Tally]]) -> dict[FeaturePath, Tally]:
        """See TFDV."""
        first, *others = accumulators
        for other in others:
            for path, tally in other.items():
                first.setdefault(path, Tally()).merge(tally)
        return first

    def extract_output(self, accumulator: dict[FeaturePath, Tally]) -> statistics_pb2.DatasetFeatureStatistics:
        """See TFDV."""
        return statistics_pb2.DatasetFeatureStatistics(
            features=[self._top(path, tally.table()) for path, tally in accumulator.items()]
        )

    def _counts(self, path: FeaturePath, kind: int) -> bool:
        if kind == statistics_pb2.FeatureNameStatistics.STRING:
            return path not in self._bytes
        return bool(tops.output_categorical_numeric(self._numbers, path, kind))

    def _top(self, path: FeaturePath, table: pa.Table) -> statistics_pb2.FeatureNameStatistics:
        options = self._options
        most = max(options.num_top_values, options.num_rank_histogram_buckets)
        keys = [("count", "descending"), ("value", "descending")]
        top = table.take(pc.select_k_unstable(table, most, keys))
        return tops.make_feature_stats_proto_topk_uniques(
            feature_path=path,
            num_top_values=options.num_top_values,
            num_rank_histogram_buckets=options.num_rank_histogram_buckets,
            num_unique=len(table),
            value_count_list=[
                tops.FeatureValueCount(value, count)
                for value, count in zip(top["value"].to_pylist(), top["count"].to_pylist(), strict=True)
            ],
            frequency_threshold=options.frequency_threshold,
        )


def _counted(values: pa.Array) -> pa.Table:
    counts = values.value_counts()
    return pa.table({"value": counts.field(0), "count": counts.field(1)})
