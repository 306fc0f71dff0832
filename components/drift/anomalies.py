"""What of the current data breaks the schema, by TFDV's own validator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from components.errors import InputError
from components.statistics import slices

Key = tuple[str, str]
"""A feature, and TFDV's name of a type of anomaly."""
Row = Mapping[str, str]


@dataclass(frozen=True)
class Anomaly:
    """One of TFDV's anomalies.

    Attributes:
        feature: "" where it is about the data set.
        short, long: TFDV's own words.
        rows: examples of it, value by column; only where they are wanted.
        type: TFDV's name of it.
    """

    feature: str
    short: str
    long: str
    rows: Sequence[Row] = ()
    type: str = ""

    @property
    def key(self) -> Key:
        """What rows with it go by."""
        return self.feature, self.type


def find(
    statistics: statistics_pb2.DatasetFeatureStatisticsList,
    schema: schema_pb2.Schema,
    environment: Optional[str] = None,
) -> list[Anomaly]:
    """What `tfdv.validate_statistics` finds: what is about the data set first, then by feature.

    Drift and skew are not among them: they need a baseline, and are what the rest of a report is about.

    Args:
        statistics: of the current data.
        schema: what it should be like.
        environment: one of the schema's, such as SERVING; None leaves out no feature.

    Raises:
        InputError: the schema has no such environment.
    """
    if environment is not None and environment not in schema.default_environment:
        known = ", ".join(schema.default_environment) or "none"
        raise InputError(f"the schema has no environment {environment!r}. It has: {known}")
    # Of several data sets TFDV knows the whole one by its name only.
    all_rows = statistics_pb2.DatasetFeatureStatisticsList(datasets=[slices.whole(statistics)])
    found = tfdv.validate_statistics(all_rows, schema, environment)
    whole = [_anomaly("", each) for each in found.dataset_anomaly_info.reason]
    return whole + [_anomaly(name, each) for name, info in sorted(found.anomaly_info.items()) for each in info.reason]


def _anomaly(feature: str, reason: anomalies_pb2.AnomalyInfo.Reason) -> Anomaly:
    kind = anomalies_pb2.AnomalyInfo.Type.Name(reason.type)
    return Anomaly(feature, reason.short_description, reason.description, type=kind)
