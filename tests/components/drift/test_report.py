"""What a report as a whole says: its verdict and its exit code."""

from typing import Any, Optional

import numpy as np
import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.drift.report import Report, Side, report
from components.errors import ExitCode
from tests.components.drift.data import normal, statistics

X = normal(500)
SCHEMA = text_format.Parse(
    """feature { name: "y" annotation { tag: "drift:wasserstein=0.05" } }""", schema_pb2.Schema()
)


def reported(
    before: dict[str, Any], after: dict[str, Any], schema: Optional[schema_pb2.Schema], **roles: Any
) -> Report:
    sides = [
        (Side(name, name, 500), statistics_pb2.DatasetFeatureStatisticsList(datasets=[statistics(columns)]))
        for name, columns in (("before", before), ("after", after))
    ]
    return report(sides[0], sides[1], schema, "drift", roles)


def test_a_feature_that_nobody_asks_for_may_vanish() -> None:
    found = reported({"x": X, "y": X}, {"x": X}, None)
    assert found.exit_code is ExitCode.OK
    assert found.verdict == "No drift in any of 1 features; 1 not comparable"


def test_a_label_called_label_is_named_once() -> None:
    found = reported({"label": X}, {"label": normal(500, 1, 1.0)}, None, label="label")
    assert found.verdict == "Drift in the label"


def test_a_verdict_of_drift_begins_with_it() -> None:
    found = reported({"y": X, "x": X}, {"y": X, "x": normal(500, 1, 1.0)}, None, y="label")
    assert found.verdict == "Drift in 1 of 1 features; no drift in the label y"


@pytest.mark.parametrize(("schema", "roles"), [(None, {"y": "label"}), (SCHEMA, {})], ids=["label", "threshold"])
def test_one_that_somebody_asks_for_may_not(schema: Optional[schema_pb2.Schema], roles: dict[str, Any]) -> None:
    assert reported({"x": X, "y": X}, {"x": X}, schema, **roles).exit_code is ExitCode.NOT_COMPARABLE


def test_few_rows_are_told() -> None:
    lists = statistics_pb2.DatasetFeatureStatisticsList(datasets=[statistics({"x": X[:1]})])
    found = report((Side("a", "a", 500), lists), (Side("b", "b", 1), lists), None, "drift")
    assert found.notes == ["b has 1 row: only gross drift is more than chance in so few"]


def test_nothing_on_either_side_is_no_pass() -> None:
    other = text_format.Parse('feature { name: "image" }', schema_pb2.Schema())
    empty = statistics_pb2.DatasetFeatureStatisticsList(datasets=[statistics_pb2.DatasetFeatureStatistics()])
    found = report((Side("a", "a", 0), empty), (Side("b", "b", 0), empty), other, "drift")
    assert (found.exit_code, found.verdict) == (ExitCode.NOT_COMPARABLE, "Neither side has a feature")


def test_wasserstein_raises_no_alarm_in_slices_that_did_not_change() -> None:
    rng = np.random.default_rng(0)
    sides = []
    for name in ("before", "after"):
        lists = statistics_pb2.DatasetFeatureStatisticsList(datasets=[statistics({"x": X, "y": X})])
        for number in range(10):
            part = statistics({"y": rng.normal(size=150)})
            part.name = f"kind_{number}"
            lists.datasets.append(part)
        sides.append((Side(name, name, 500), lists))
    found = report(sides[0], sides[1], SCHEMA, "drift")
    assert found.exit_code is ExitCode.OK
    assert all(results[0].checks[0].measured.value > 0.05 for results in found.slices.values())


def test_a_slice_without_features_cannot_be_compared() -> None:
    bare = statistics_pb2.DatasetFeatureStatistics(name="kind_a", num_examples=200)
    lists = statistics_pb2.DatasetFeatureStatisticsList(datasets=[statistics({"x": X}), bare])
    found = report((Side("a", "a", 500), lists), (Side("b", "b", 500), lists), None, "drift")
    assert found.incomparable_slices == {"kind_a": "no features on either side"}
    assert found.verdict == "No drift in any of 1 features; 1 slice not comparable"
