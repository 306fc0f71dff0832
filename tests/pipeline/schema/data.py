"""Statistics of small tables, and schemas as text."""

from __future__ import annotations

from typing import Any

import pandas as pd
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

OPTIONS = tfdv.StatsOptions(num_quantiles_histogram_buckets=100)


def statistics(**columns: Any) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Of a table with these columns."""
    return tfdv.generate_statistics_from_dataframe(pd.DataFrame(columns), OPTIONS, n_jobs=1)


def named(
    *splits: statistics_pb2.DatasetFeatureStatisticsList,
) -> dict[str, statistics_pb2.DatasetFeatureStatisticsList]:
    """As the splits train, eval and test."""
    return dict(zip(("train", "eval", "test"), splits, strict=False))


def schema(text: str) -> schema_pb2.Schema:
    """A schema as a person writes it."""
    return text_format.Parse(text, schema_pb2.Schema())
