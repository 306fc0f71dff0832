"""Thresholds from past spans: no seen span alarms, drift does, and what a person set stays."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
from ml_metadata.proto import metadata_store_pb2
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.drift.compare import compare
from components.drift.state import State
from components.drift.suggest import suggest
from components.errors import InputError, NoBaselineError
from pipeline.config import load
from pipeline.drift.suggesting import History, Past, of_config, patched
from tests.components.drift.data import statistics
from tests.pipeline.drift.test_spans import judge, put
from tests.pipeline.schema.data import schema

SCHEMA = """
feature { name: "fare" type: FLOAT
  drift_comparator { jensen_shannon_divergence { threshold: 0.5 } }
  annotation { tag: "owner:pricing" tag: "drift:kolmogorov_smirnov=0.01" } }
feature { name: "colour" type: BYTES annotation { tag: "skew:psi=0.1" } }
feature { name: "gone" lifecycle_stage: DEPRECATED }
"""


def span(seed: int, **changes: np.ndarray) -> statistics_pb2.DatasetFeatureStatistics:
    """1,500 rows of a data set whose mean and shares wander a little from span to span."""
    rng = np.random.default_rng(seed)
    rows = 1500
    columns = {
        "fare": rng.normal(rng.normal(0, 0.1), size=rows),
        "colour": rng.choice(["red", "green", "blue"], rows, p=rng.dirichlet([60, 30, 10])),
        "gone": np.where(rng.random(rows) < 0.1, np.nan, 1.5),
    }
    return statistics({**columns, **changes})


@pytest.fixture(scope="module")
def history() -> History:
    return [(str(number), span(number)) for number in range(5)]


def drifted(
    before: statistics_pb2.DatasetFeatureStatistics, after: statistics_pb2.DatasetFeatureStatistics, history: History
) -> set[str]:
    told = patched(schema(SCHEMA), history).schema
    return {each.name for each in compare(before, after, told, "drift", {}) if each.state is State.DRIFT}


def test_no_span_that_was_seen_alarms(history: History) -> None:
    for (_, before), (_, after) in zip(history[:-1], history[1:], strict=True):
        assert drifted(before, after, history) == set()


@pytest.mark.parametrize(
    ("changes", "alarm"),
    [
        ({}, set()),
        ({"fare": np.random.default_rng(9).normal(1.0, size=1500)}, {"fare"}),
        ({"fare": np.where(np.arange(1500) % 5, 1.5, np.nan)}, {"fare"}),
        ({"colour": np.array(["red", "blue", "blue"] * 500)}, {"colour"}),
        ({"colour": np.array([*(["red"] * 9 + ["green"] * 4 + ["blue"]) * 100, *["pink"] * 100])}, {"colour"}),
    ],
    ids=["nothing", "shift", "missing", "shares", "new value"],
)
def test_drift_alarms(history: History, changes: dict, alarm: set) -> None:
    assert drifted(history[-1][1], span(77, **changes), history) == alarm


def test_what_once_befell_a_feature_widens_no_other_s_threshold() -> None:
    rng = np.random.default_rng(0)
    spans = [{f"x{place}": rng.normal(rng.normal(0, 0.1), size=800) for place in range(8)} for _ in range(5)]
    event = {**spans[2], "x0": np.where(np.arange(800) % 2, np.nan, 1.5)}
    usual, after = (
        suggest([(str(number), statistics(columns)) for number, columns in enumerate(each)]).thresholds
        for each in (spans, [*spans[:2], event, *spans[3:]])
    )
    assert after["x0"]["missing"] >= 0.4
    for place in range(1, 8):
        for measure, threshold in after[f"x{place}"].items():
            assert threshold == pytest.approx(usual[f"x{place}"][measure], rel=0.5)
            assert threshold < 0.5


def test_what_a_person_set_stays_but_for_the_same_measure(history: History) -> None:
    patch = patched(schema(SCHEMA), history)
    fare, colour, gone = patch.schema.feature
    bounds = suggest(history).thresholds
    assert fare.drift_comparator.jensen_shannon_divergence.threshold == 0.5
    assert list(fare.annotation.tag) == [
        "owner:pricing",
        f"drift:kolmogorov_smirnov={bounds['fare']['kolmogorov_smirnov']:g}",
        f"drift:missing={bounds['fare']['missing']:g}",
    ]
    assert colour.drift_comparator.infinity_norm.threshold == bounds["colour"]["l_infinity"]
    assert colour.annotation.tag[0] == "skew:psi=0.1"
    assert gone == schema(SCHEMA).feature[2]
    assert (patch.missing, patch.unbounded) == ([], [])
    assert patched(patch.schema, history).schema == patch.schema


def test_the_spans_of_a_config_are_those_that_runs_have_counted(tmp_path: pathlib.Path, history: History) -> None:
    for number, found in history[:3]:
        data = statistics_pb2.DatasetFeatureStatisticsList(datasets=[found])
        pathlib.Path(put(tmp_path, int(number))).write_bytes(data.SerializeToString())
    config = load.load("taxi").model_copy(update={"root": str(tmp_path)})
    assert of_config(config) == Past([(f"span {number}", found) for number, found in history[:3]], [])


def test_a_span_that_a_gate_stopped_is_left_out_until_it_lets_it_pass(tmp_path: pathlib.Path, history: History) -> None:
    files = [put(tmp_path, int(number)) for number, _ in history[:3]]
    for (_, found), file in zip(history, files, strict=False):
        data = statistics_pb2.DatasetFeatureStatisticsList(datasets=[found])
        pathlib.Path(file).write_bytes(data.SerializeToString())
    config = load.load("taxi").model_copy(update={"root": str(tmp_path)})
    judge(tmp_path, files[1], metadata_store_pb2.Execution.FAILED)
    past = of_config(config)
    assert ([label for label, _ in past.history], past.refused) == (["span 0", "span 2"], [1])
    judge(tmp_path, files[1], metadata_store_pb2.Execution.COMPLETE)
    assert [label for label, _ in of_config(config).history] == ["span 0", "span 1", "span 2"]


def test_three_spans_are_needed(history: History) -> None:
    with pytest.raises(NoBaselineError, match=r"at least 3 spans, and there are 2: run on 1 more"):
        suggest(history[:2])


def test_a_schema_of_other_data_is_refused(history: History) -> None:
    with pytest.raises(InputError, match="for other data: it has none of colour, fare, gone"):
        patched(schema('feature { name: "x" }'), history)


def test_what_moves_as_far_as_it_can_every_time_is_no_drift() -> None:
    """A timestamp is new in each span."""
    past = [(str(day), statistics({"time": np.arange(900) + 1e6 * day})) for day in range(4)]
    patch = patched(schema('feature { name: "time" }'), past[:3])
    assert patch.unbounded == ["time by Kolmogorov-Smirnov"]
    [result] = compare(past[2][1], past[3][1], patch.schema, "drift", {})
    assert (result.state, [each.threshold.measure for each in result.checks]) == (State.OK, ["missing"])
