"""What counts as drift, what as comparable; the traps of TFDV's own validator among them."""

from typing import Optional

import numpy as np
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.drift.compare import compare, compare_sliced
from components.drift.state import State
from components.errors import InputError
from tests.components.drift.data import compared, normal, statistics


def schema(feature: str) -> schema_pb2.Schema:
    return text_format.Parse(f'feature {{ name: "x" {feature} }}', schema_pb2.Schema())


def of_tfdv(before: statistics_pb2.DatasetFeatureStatistics, after: statistics_pb2.DatasetFeatureStatistics) -> dict:
    thresholds = schema(
        "type: BYTES drift_comparator { infinity_norm { threshold: 0 } jensen_shannon_divergence { threshold: 0 }"
        " normalized_abs_difference { threshold: 0 } }"
    )
    lists = [statistics_pb2.DatasetFeatureStatisticsList(datasets=[each]) for each in (before, after)]
    [info] = tfdv.validate_statistics(lists[1], thresholds, previous_statistics=lists[0]).drift_skew_info
    return {each.type: each.value for each in info.drift_measurements}


def test_tfdv_s_measures_are_tfdv_s() -> None:
    rng = np.random.default_rng(0)
    before, after = (rng.choice(list("abcde"), 500, p=p) for p in ([0.2] * 5, [0.5, 0.2, 0.1, 0.1, 0.1]))
    theirs = of_tfdv(statistics({"x": before}), statistics({"x": after}))
    ours = compared(before, after).measured
    assert ours["l_infinity"].value == pytest.approx(theirs[1], abs=1e-12)
    assert ours["jensen_shannon_divergence"].value == pytest.approx(theirs[2], abs=1e-12)
    assert ours["normalized_abs_difference"].value == pytest.approx(theirs[3], abs=1e-12)


def test_a_shifted_number_has_drifted() -> None:
    result = compared(normal(2000), normal(2000, 1, mean=0.4))
    assert result.state is State.DRIFT
    assert [check.threshold.measure for check in result.checks if check.exceeded] == ["kolmogorov_smirnov"]


def test_l_infinity_of_a_number_is_no_pass() -> None:
    """TFDV says 0.0 for it, whatever the data."""
    told = schema("type: FLOAT drift_comparator { infinity_norm { threshold: 0.1 } }")
    result = compared(normal(500), normal(500, 1), told)
    assert result.state is State.NOT_COMPARABLE
    assert "l_infinity" in result.why
    assert not result.checks


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ([1.5, 2.5], [None, None], "in the current data it has no values"),
        (["a", "b"], [None, None], "in the current data it has no values"),
        ([1.5, 2.5], ["a", "b"], "its type was float and is string"),
    ],
    ids=["no numbers", "no texts", "another type"],
)
def test_what_cannot_be_compared_is_no_pass(before: list, after: list, why: str) -> None:
    result = compared(before, after)
    assert result.state is State.NOT_COMPARABLE
    assert result.why == why


def test_a_feature_of_one_side_is_no_pass() -> None:
    left, right = statistics({"x": [1.0], "gone": [1.0]}), statistics({"x": [1.0], "fresh": [1.0]})
    states = {each.name: (each.state, each.why) for each in compare(left, right, None, "drift", {})}
    assert states["gone"] == (State.NOT_COMPARABLE, "the current data does not have it")
    assert states["fresh"] == (State.NOT_COMPARABLE, "the baseline does not have it")
    assert states["x"][0] is State.OK


def test_values_that_vanish_are_drift_although_nothing_is_left_to_compare() -> None:
    result = compared(normal(500), [None] * 500)
    assert result.state is State.DRIFT
    assert result.why == "in the current data it has no values"


def test_missing_values_that_surge_are_drift() -> None:
    values = normal(1000)
    result = compared(values, np.where(np.arange(1000) % 10 == 0, np.nan, values))
    assert [check.threshold.measure for check in result.checks if check.exceeded] == ["missing"]
    assert result.current is not None
    assert result.current.missing_share == 0.1


def test_a_new_value_is_drift() -> None:
    known = ["a", "b"] * 500
    result = compared(known, [*known[:980], *["c"] * 20])
    assert [check.threshold.measure for check in result.checks if check.exceeded] == ["new_values"]
    assert result.measured["new_values"].value == pytest.approx(0.02)


def test_few_rows_are_left_to_chance() -> None:
    """Ten rows differ by far more than the threshold, and mean nothing."""
    result = compared(normal(10), normal(10, 1))
    assert result.measured["kolmogorov_smirnov"].value > 0.05
    assert result.state is State.OK


@pytest.mark.parametrize("before", [["u7"], ["u7", None]], ids=["a rare value", "no value"])
def test_a_row_or_two_are_left_to_chance(before: list[Optional[str]]) -> None:
    """One row in a hundred is u7, and one in a hundred has no value."""
    found = compared(before, [*(f"u{number % 100}" for number in range(3000)), *[None] * 30])
    assert found.measured["l_infinity"].value > 0.9
    assert [each.threshold.measure for each in found.checks if each.exceeded] == []


def test_a_threshold_of_the_schema_decides_alone() -> None:
    told = schema('type: FLOAT annotation { tag: "drift:kolmogorov_smirnov=0.05" }')
    result = compared(normal(10), normal(10, 1), told)
    assert result.state is State.DRIFT
    assert [(check.threshold.measure, check.threshold.from_schema) for check in result.checks] == [
        ("kolmogorov_smirnov", True)
    ]


def test_the_comparators_of_tfdv_are_thresholds() -> None:
    told = schema("type: BYTES drift_comparator { infinity_norm { threshold: 0.9 } }")
    before, after = ["a"] * 900 + ["b"] * 100, ["a"] * 500 + ["b"] * 500
    assert compared(before, after).state is State.DRIFT
    assert compared(before, after, told).state is State.OK
    assert compared(before, after, told, "skew").state is State.DRIFT


def test_random_halves_of_the_same_rows_are_alike() -> None:
    rng = np.random.default_rng(5)
    rows = 3000
    columns = {
        **{f"number{i}": rng.gamma(1 + i, size=rows) for i in range(4)},
        **{f"category{i}": rng.zipf(1.5 + i, rows).astype(str) for i in range(4)},
    }
    alarms = 0
    for _ in range(4):
        order = rng.permutation(rows)
        halves = [statistics({name: values[part] for name, values in columns.items()}) for part in np.split(order, 2)]
        alarms += any(result.state is State.DRIFT for result in compare(halves[0], halves[1], None, "drift", {}))
    assert alarms == 0


def test_a_threshold_for_what_neither_side_has_is_no_pass() -> None:
    told = schema("drift_comparator { infinity_norm { threshold: 0.1 } }")
    told.feature.add(name="gone").drift_comparator.infinity_norm.threshold = 0.1
    told.feature.add(name="free")
    found = {each.name: each for each in compare(*[statistics({"x": ["a", "b"] * 9})] * 2, told, "drift", {})}
    assert found.keys() == {"x", "gone"}
    assert found["gone"].state is State.NOT_COMPARABLE
    assert found["gone"].why == "neither side has it, but the schema has thresholds for it"


def test_a_schema_of_other_data_is_refused() -> None:
    data = statistics({"y": [1.0]})
    with pytest.raises(InputError, match=r"other data: none of its features \(x, …\) is among .* \(y, …\)"):
        compare(data, data, schema("type: FLOAT"), "drift", {})


def test_a_threshold_of_zero_is_exceeded_without_end() -> None:
    told = schema("type: BYTES drift_comparator { infinity_norm { threshold: 0 } }")
    moved, same = compared(["a"] * 9 + ["b"], ["a"] * 10, told), compared(["a"], ["a"], told)
    assert moved.deciding is not None
    assert same.deciding is not None
    assert (moved.state, moved.deciding.times) == (State.DRIFT, float("inf"))
    assert (same.state, same.deciding.times) == (State.OK, 0.0)


def test_slices_share_the_bound_of_false_alarms() -> None:
    """What one comparison calls drift is no drift among thousands: chance has so many more tries."""
    before, after = statistics({"x": normal(700)}), statistics({"x": normal(700, 1, mean=0.22)})
    [alone] = compare(before, after, None, "drift", {})
    many = {str(place): (before, after) for place in range(300)}
    [[among], within] = compare_sliced((before, after), many, None, "drift", {})
    assert (alone.state, among.state) == (State.DRIFT, State.OK)
    assert {each.state for [each] in within.values()} == {State.OK}


def test_in_a_slice_chance_counts_for_thresholds_of_the_schema_too() -> None:
    told = schema('type: FLOAT annotation { tag: "drift:kolmogorov_smirnov=0.01" }')
    sides = statistics({"x": normal(200)}), statistics({"x": normal(200, 1)})
    [[whole], within] = compare_sliced(sides, {"town_south": sides}, told, "drift", {})
    assert (whole.state, within["town_south"][0].state) == (State.DRIFT, State.OK)


def test_a_slice_of_few_rows_says_nothing() -> None:
    sides = statistics({"x": [0.0] * 99}), statistics({"x": [1.0] * 99})
    [[whole], within] = compare_sliced(sides, {"town_south": sides}, None, "drift", {})
    [small] = within["town_south"]
    assert (whole.state, small.state, small.checks) == (State.DRIFT, State.NOT_COMPARABLE, [])
    assert small.why == "fewer than 100 rows of the slice are too few to say anything"


def test_the_jensen_shannon_divergence_has_base_two() -> None:
    """Nothing in common is 1, not the logarithm of 2, and it is no square root: half in common is 0.5, not 0.71."""
    apart, half = compared(["a"] * 9, ["b"] * 9), compared(["a", "b"] * 9, ["b", "c"] * 9)
    assert apart.measured["jensen_shannon_divergence"].value == pytest.approx(1.0)
    assert half.measured["jensen_shannon_divergence"].value == pytest.approx(0.5)


def test_the_normalized_absolute_difference_is_held_against_its_threshold() -> None:
    told = schema("type: BYTES drift_comparator { normalized_abs_difference { threshold: 0.1 } }")
    result = compared(["a"] * 9 + ["b"], ["a"] * 5 + ["b"] * 5, told)
    assert result.state is State.DRIFT
    assert [check.threshold.measure for check in result.checks] == ["normalized_abs_difference"]


def test_an_empty_histogram_is_no_pass() -> None:
    before, after = statistics({"x": normal(50)}), statistics({"x": normal(50)})
    del after.features[0].num_stats.histograms[:]
    [result] = compare(before, after, None, "drift", {})
    assert (result.state, result.why) == (State.NOT_COMPARABLE, "in the current data its histogram is empty")


def test_a_number_has_tfdv_s_divergence() -> None:
    told = schema("type: FLOAT drift_comparator { jensen_shannon_divergence { threshold: 0 } }")
    sides = [statistics({"x": values}) for values in (normal(500), normal(500, 1, mean=1.0))]
    lists = [statistics_pb2.DatasetFeatureStatisticsList(datasets=[each]) for each in sides]
    [theirs] = tfdv.validate_statistics(lists[1], told, previous_statistics=lists[0]).drift_skew_info
    [ours] = compare(sides[0], sides[1], told, "drift", {})
    assert ours.checks[0].measured.value == pytest.approx(theirs.drift_measurements[0].value, abs=1e-12)


def test_slices_of_few_rows_leave_the_whole_data_its_sensitivity() -> None:
    sides = statistics({"x": normal(1000)}), statistics({"x": normal(1000, 1, mean=0.16)})
    few = {f"kind_{number}": (statistics({"x": normal(20)}),) * 2 for number in range(40)}
    alone, _ = compare_sliced(sides, {}, None, "drift", {})
    beside, _ = compare_sliced(sides, few, None, "drift", {})
    assert alone[0].state is beside[0].state is State.DRIFT


def test_the_values_of_one_row_are_not_so_many_rows() -> None:
    """Lists of 64 values that are alike within a row, nothing changed: chance explains what a few rows differ by."""
    alarms = 0
    for number in range(10):
        rng = np.random.default_rng(number)
        sides = [
            statistics({"x": [list(np.full(64, value) + rng.normal(0, 0.01, 64)) for value in rng.normal(size=300)]})
            for _ in range(2)
        ]
        alarms += compare(sides[0], sides[1], None, "drift", {})[0].state is State.DRIFT
    assert alarms == 0


@pytest.mark.parametrize("stage", ["DEPRECATED", "ALPHA", "DISABLED"])
def test_what_tfdv_skips_for_its_stage_is_neither_missed_nor_checked(stage: str) -> None:
    told = text_format.Parse(
        f"""feature {{ name: "x" lifecycle_stage: {stage} annotation {{ tag: "drift:psi=0.1" }} }}
            feature {{ name: "y" }}""",
        schema_pb2.Schema(),
    )
    there, gone = statistics({"x": normal(300), "y": normal(300)}), statistics({"y": normal(300)})
    moved = statistics({"x": normal(300, 1, 3.0), "y": normal(300)})
    assert [each.name for each in compare(gone, gone, told, "drift", {})] == ["y"]
    [x, _] = compare(there, gone, told, "drift", {})
    assert (x.state, x.required) == (State.NOT_COMPARABLE, False)
    [x, _] = compare(there, moved, told, "drift", {})
    assert (x.state, x.required) == (State.NOT_COMPARABLE, False)
    assert x.why == "the schema has it in a stage of which TFDV checks nothing"
