"""What of some data breaks its schema, by TFDV's own validator: for the gate, for reports, for changes of schemas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from components.environments import check_environment
from components.statistics import slices
from components.statistics.files import Statistics

Key = tuple[str, str]
"""A feature, and TFDV's name of a type of anomaly."""
Row = Mapping[str, str]

DATA_MISSING = "DATA_MISSING"
"""Has a field of its own in TFDV's answer, and no type."""


@dataclass(frozen=True)
class Anomaly:
    """One of TFDV's anomalies.

    Attributes:
        feature: its path, steps joined by dots; "" where it is about the data set.
        short, long: TFDV's own words.
        rows: examples of it, value by column; only where they are wanted.
        type: TFDV's name of it.
        column: the one that the feature is or lies within.
    """

    feature: str
    short: str
    long: str
    rows: Sequence[Row] = ()
    type: str = ""
    column: str = ""

    @property
    def key(self) -> Key:
        """What rows with it go by."""
        return self.feature, self.type


def find(statistics: Statistics, schema: schema_pb2.Schema, environment: Optional[str] = None) -> list[Anomaly]:
    """What `tfdv.validate_statistics` finds, as `read` has it.

    Args:
        statistics: of the data.
        schema: what it should be like.
        environment: one of the schema's, such as SERVING; None leaves out no feature.

    Raises:
        InputError: the schema has no such environment.
    """
    check_environment(schema, environment)
    # Of several data sets TFDV knows the whole one by its name only.
    all_rows = Statistics(datasets=[slices.whole(statistics)])
    return read(tfdv.validate_statistics(all_rows, schema, environment))


def read(found: anomalies_pb2.Anomalies) -> list[Anomaly]:
    """What TFDV found: what is about the data set first, then by feature.

    Drift and skew are not among them: they need a baseline, and are what the rest of a report is about.
    """
    none = [Anomaly("", "Data missing", "there are no examples", type=DATA_MISSING)] if found.data_missing else []
    whole = [_anomaly((), each) for each in found.dataset_anomaly_info.reason]
    # TFDV's key quotes a step with a dot, a quote or a bracket in it: no name of a column. Artifacts may lack the path.
    paths = {key: tuple(info.path.step) or (key,) for key, info in found.anomaly_info.items()}
    of_features = [_anomaly(paths[key], each) for key in sorted(paths) for each in found.anomaly_info[key].reason]
    return none + whole + of_features


def _anomaly(path: Sequence[str], reason: anomalies_pb2.AnomalyInfo.Reason) -> Anomaly:
    kind = anomalies_pb2.AnomalyInfo.Type.Name(reason.type)
    column = path[0] if path else ""
    return Anomaly(".".join(path), reason.short_description, reason.description, type=kind, column=column)
