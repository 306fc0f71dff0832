"""Statistics of small tables."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np
import pandas as pd
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.drift.compare import Result, compare
from components.drift.thresholds import Kind
from components.statistics.features import Feature, features

OPTIONS = tfdv.StatsOptions(num_quantiles_histogram_buckets=100)


def statistics(columns: Mapping[str, Any]) -> statistics_pb2.DatasetFeatureStatistics:
    """Of a table with these columns; None and NaN are missing values."""
    return tfdv.generate_statistics_from_dataframe(pd.DataFrame(columns), OPTIONS, n_jobs=1).datasets[0]


def feature(values: Sequence[Any]) -> Feature:
    """Of a column with these values."""
    return features(statistics({"x": values}))["x"]


def compared(
    before: Sequence[Any], after: Sequence[Any], schema: Optional[schema_pb2.Schema] = None, kind: Kind = "drift"
) -> Result:
    """One column against another."""
    [result] = compare(statistics({"x": before}), statistics({"x": after}), schema, kind, {})
    return result


def normal(rows: int, seed: int = 0, mean: float = 0.0) -> np.ndarray:
    """Normally distributed numbers with a deviation of 1."""
    return np.random.default_rng(seed).normal(mean, size=rows)
