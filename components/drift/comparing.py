"""The comparisons of data that a pipeline makes before it trains, from statistics alone."""

import dataclasses
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Optional

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx.types import Artifact

from components import anomalies
from components.anomalies import Key
from components.drift.anomalous_rows import AnomalousRows, attach
from components.drift.compare import Role
from components.drift.history import steps
from components.drift.report import Report, Side, report
from components.drift.written import PendingComparison
from components.environments import SERVING, TRAINING, absent, declared
from components.spans import span_of
from components.statistics import files
from components.statistics.features import name_of
from components.statistics.paths import split_file
from components.statistics.slices import whole

TRAIN = "train"
"""The split that stands for a span: most of its rows are there."""


Find = Callable[[str, AnomalousRows], Mapping[Key, Sequence[str]]]
"""Runs a search in files of examples."""


@dataclasses.dataclass(frozen=True)
class Data:
    """One side, with its statistics.

    Attributes:
        examples: the pattern of its files; "" where rows are not looked at.
    """

    side: Side
    statistics: statistics_pb2.DatasetFeatureStatisticsList
    examples: str = ""


@dataclasses.dataclass(frozen=True)
class Comparer:
    """Compares data as a schema says.

    Attributes:
        schema: with the thresholds.
        labels: the columns that are labels.
        rows: how many examples of an anomaly are shown.
        find: what finds them.
    """

    schema: schema_pb2.Schema
    labels: Collection[str]
    rows: int
    find: Find

    def report(self, baseline: Data, current: Data) -> Report:
        """Drift from one to the other."""
        sides = (baseline.side, baseline.statistics), (current.side, current.statistics)
        roles: Mapping[str, Role] = dict.fromkeys(self.labels, "label")
        # Training does not miss what only serving sees.
        unseen = absent(self.schema, TRAINING) if declared(self.schema, TRAINING) else set()
        schema = without_features(self.schema, unseen - _names(baseline) - _names(current))
        return self._with_anomalies(report(*sides, schema, "drift", roles), current, self.schema, TRAINING)

    def skew(self, training: Data, serving: Data) -> Report:
        """Skew between the two. Columns that serving does not have by the schema, such as labels, are no finding."""
        left_out = self.not_served(serving)
        statistics = _without(training.statistics, left_out)
        sides = (training.side, statistics), (serving.side, serving.statistics)
        roles: Mapping[str, Role] = dict.fromkeys(set(self.labels) - left_out, "label")
        schema = without_features(self.schema, left_out)
        return self._with_anomalies(report(*sides, schema, "skew", roles), serving, schema, SERVING)

    def not_served(self, serving: Data) -> set[str]:
        """The columns that serving data need not have, and has not."""
        return {*absent(self.schema, SERVING), *self.labels} - _names(serving)

    def _with_anomalies(self, found: Report, data: Data, schema: schema_pb2.Schema, environment: str) -> Report:
        known = declared(schema, environment)
        there = anomalies.find(data.statistics, schema, known)
        if there and self.rows and data.examples:
            search = AnomalousRows(there, schema, known, self.rows)
            there = attach(there, self.find(data.examples, search))
        return dataclasses.replace(found, anomalies=there)


def load(uri: str, split: str, name: str, span: Optional[int] = None, examples: str = "") -> Data:
    """A split of an artifact of statistics.

    Raises:
        InputError: the artifact does not have it, or its file cannot be read.
    """
    file = split_file(uri, split)
    found = files.load(file)
    return Data(Side(name, os.path.dirname(file), int(whole(found).num_examples), span), found, examples)


def previous(comparer: Comparer, current: Data, earlier: Sequence[Data]) -> PendingComparison:
    """The span against the one before it, with how it went from span to span; `earlier` is newest first."""
    if not earlier:
        return PendingComparison("previous", current.side, None, "earlier span")
    spans = [*reversed(earlier), current]
    history = steps([(each.side.name, whole(each.statistics)) for each in spans])
    return PendingComparison(
        "previous", current.side, dataclasses.replace(comparer.report(earlier[0], current), history=history)
    )


def window(comparer: Comparer, current: Data, earlier: Optional[Data]) -> PendingComparison:
    """The span against several before it, put together."""
    return PendingComparison(
        "window", current.side, comparer.report(earlier, current) if earlier else None, "earlier span"
    )


def left_out(refused: Sequence[Artifact]) -> list[str]:
    """What a reader should know of spans that are no baseline."""
    spans = sorted(span_of(each) for each in refused)
    return [f"span {span} is no baseline: a gate stopped its run, and has not let it pass since" for span in spans]


def without_features(schema: schema_pb2.Schema, names: Collection[str]) -> schema_pb2.Schema:
    """`schema` without some features."""
    kept = schema_pb2.Schema()
    kept.CopyFrom(schema)
    del kept.feature[:]
    kept.feature.extend(feature for feature in schema.feature if feature.name not in names)
    return kept


def _names(data: Data) -> set[str]:
    return {name_of(feature) for feature in whole(data.statistics).features}


def _without(
    found: statistics_pb2.DatasetFeatureStatisticsList, names: Collection[str]
) -> statistics_pb2.DatasetFeatureStatisticsList:
    kept = statistics_pb2.DatasetFeatureStatisticsList()
    kept.CopyFrom(found)
    for data, original in zip(kept.datasets, found.datasets, strict=True):
        del data.features[:]
        data.features.extend(feature for feature in original.features if name_of(feature) not in names)
    return kept
