"""What TFDV's statistics say of odd columns."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from google.protobuf import text_format
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.drift.compare import compare
from components.drift.history import steps
from components.drift.numbers import as_json
from components.drift.report import Side, report
from components.drift.state import State
from components.drift.view import view
from components.statistics.distributions import Numeric
from components.statistics.features import Feature, features
from components.statistics_page import facts
from components.statistics_page.render import render
from tests.components.drift.data import OPTIONS, compared, feature, normal, statistics


def of_lists(values: list[Any]) -> Feature:
    """Of a column of lists of floats, as TFRecords have them."""
    batch = pa.RecordBatch.from_arrays([pa.array(values, pa.list_(pa.float32()))], ["x"])
    return features(stats_impl.generate_statistics_in_memory(batch, OPTIONS).datasets[0])["x"]


def test_a_nan_is_a_missing_value() -> None:
    found = of_lists([[1.0], [float("nan")], [2.0], None, []])
    assert (found.rows, found.missing) == (5, 3)


def test_a_nan_within_a_list_leaves_the_row_its_values() -> None:
    assert of_lists([[1.0, 2.0], [float("nan"), 1.0], None]).missing == 1


def test_infinite_values_stand_at_the_largest_finite_ones() -> None:
    values = np.concatenate([np.linspace(0, 1, 800), [np.inf] * 150, [-np.inf] * 50])
    found = feature(values).distribution
    assert isinstance(found, Numeric)
    assert (found.knots[0], found.knots[-1]) == pytest.approx((0.0, 1.0), abs=0.02)
    assert found.below(np.array([0.5, 0.98])) == pytest.approx([0.45, 0.834], abs=0.03)
    assert 0.2 < found.deviation < 0.6


def test_infinite_values_are_compared_and_written() -> None:
    before, after = normal(1000), np.concatenate([normal(800, 1), [np.inf] * 200])
    assert compared(before, after).state is State.DRIFT
    assert compared(after, before).state is State.DRIFT
    sides = [
        (Side(name, name, 1000), statistics_pb2.DatasetFeatureStatisticsList(datasets=[statistics({"x": values})]))
        for name, values in (("before", before), ("after", after))
    ]
    assert '"state": "drift"' in as_json(view(report(sides[0], sides[1], None, "drift")))


def test_nothing_but_infinite_values_cannot_be_compared() -> None:
    result = compared(normal(200), [np.inf] * 200)
    assert (result.state, result.why) == (State.NOT_COMPARABLE, "in the current data all its values are infinite")


def test_a_feature_within_a_struct_has_all_measures_and_thresholds() -> None:
    batch = pa.RecordBatch.from_arrays(
        [pa.array([[{"b": ["x"]}], [{"b": ["y"]}]] * 100, pa.list_(pa.struct([("b", pa.list_(pa.binary()))])))], ["a"]
    )
    found = stats_impl.generate_statistics_in_memory(batch, OPTIONS).datasets[0]
    told = text_format.Parse(
        """feature { name: "a" struct_domain { feature {
             name: "b" drift_comparator { jensen_shannon_divergence { threshold: 0.1 } } } } }""",
        schema_pb2.Schema(),
    )
    _, inner = compare(found, found, told, "drift", {})
    assert (inner.name, inner.state) == ("a.b", State.OK)
    assert [(check.threshold.measure, check.measured.value) for check in inner.checks] == [
        ("jensen_shannon_divergence", 0.0)
    ]


@pytest.mark.parametrize(
    ("values", "share"),
    [
        (lambda side: [f"{side}{number}" for number in range(5000)], "82 %"),
        (lambda side: [side * 5000] * 200 + ["short"] * 200, "50 %"),
        (lambda side: [f"\xff{side}".encode("latin1")] * 300 + ["text"] * 200, "60 %"),
    ],
    ids=["many", "long", "no text"],
)
def test_values_that_tfdv_does_not_count_one_by_one_are_no_pass(values: Any, share: str) -> None:
    result = compared(values("a"), values("b"))
    assert result.state is State.NOT_COMPARABLE
    assert result.why.startswith(f"in the baseline {share} of its values are too rare or too long")


@pytest.mark.parametrize(
    "values",
    [["word " * 500 + str(number) for number in range(300)], [b"\xff\xfe%d" % number for number in range(300)]],
    ids=["long", "no text"],
)
def test_nothing_that_was_counted_one_by_one_is_no_distribution(values: list[Any]) -> None:
    found = feature(values)
    why = "its values are too long for TFDV to count them one by one, or no text (--image looks into pictures)"
    assert (found.distribution, found.why_not) == (None, why)
    result = compared(values, values)
    assert (result.state, result.why) == (State.NOT_COMPARABLE, f"in the baseline {why}")
    data = facts.of_statistics("x", "x", statistics({"x": values}))
    assert why in render(data)
    [step] = steps([("1", statistics({"x": values}))])
    assert step.features["x"].top is None


def test_within_a_repeated_struct_values_are_held_against_structs() -> None:
    inner = pa.list_(pa.int64())
    structs = pa.array([[{"b": [1]}, {"b": [2]}, {"b": None}]] * 200, pa.list_(pa.struct([("b", inner)])))
    batch = pa.RecordBatch.from_arrays([structs], ["a"])
    found = stats_impl.generate_statistics_in_memory(batch, OPTIONS).datasets[0]
    nested = features(found)["a.b"]
    assert (nested.rows, nested.missing) == (600, 200)
    assert nested.distribution is not None
    assert nested.distribution.weight == pytest.approx(200 / 400)
    _, result = compare(found, found, None, "drift", {})
    assert (result.name, result.state) == ("a.b", State.OK)
