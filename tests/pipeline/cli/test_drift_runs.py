"""What runs compare: spans that arrive one after the other, splits, slices, serving data."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from pipeline import runs
from pipeline.config.load import load
from pipeline.drift.of_run import comparisons
from pipeline.drift.spans import statistics_by_span
from tests.pipeline.cli import moved
from tests.pipeline.cli.shell import millrace

DRIFT = 'window=2, splits=("eval",), slices=(("kind",),), serving=c.Serving(path="serving.csv")'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A user's folder in which two spans have been run up to the gate: x lies higher in the second."""
    folder = tmp_path_factory.mktemp("moved")
    moved.put(folder, DRIFT, (0.0, 1.0))
    moved.put_rows(folder / "serving.csv", 0.0, ("x", "kind"))
    for span in (1, 2):
        answer = millrace("run", folder / "moved.py", "--span", span, "--to", "DriftGate")
        assert answer.code == 0, answer.err
    return folder


def _states(folder: pathlib.Path, number: int) -> dict[str, str]:
    record = runs.list_runs(str(folder / "runs"))[number]
    return {told.comparison.name: told.comparison.state for told in comparisons(record)}


def _numbers(page: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(pathlib.Path(page).with_name("drift.json").read_text())
    return found


def test_the_first_span_has_no_baseline_and_says_so_everywhere(folder: pathlib.Path) -> None:
    assert _states(folder, 0) == {
        "previous": "no baseline", "window": "no baseline", "eval": "ok", "serving": "ok",
    }  # fmt: skip
    record = runs.list_runs(str(folder / "runs"))[0]
    shown = millrace("show", record.id, "--root", folder / "runs").out
    page = comparisons(record)[0].page
    assert f"drift: span 1 against earlier span: no baseline: {page}" in shown
    assert "No baseline" in pathlib.Path(page).read_text()


def test_the_second_span_is_held_against_the_first_as_a_whole_and_by_slice(folder: pathlib.Path) -> None:
    assert _states(folder, 1) == {"previous": "drift", "window": "drift", "eval": "ok", "serving": "ok"}
    previous, window, *_ = comparisons(runs.list_runs(str(folder / "runs"))[1])
    for told in (previous, window):
        assert told.comparison.title == "span 2 against span 1"
        assert {(each.feature, each.role, each.measure) for each in told.comparison.findings} == {
            ("x", "feature", moved.MEASURE)
        }
        values = {each.slice: each.value for each in told.comparison.findings}
        assert sorted(values) == ["", "kind_a", "kind_b", "kind_c"]
        assert all(value == pytest.approx(0.38, abs=0.08) for value in values.values())
        numbers = _numbers(told.page)
        assert {each["name"]: each["role"] for each in numbers["features"]}["y"] == "label"
    found = statistics_by_span(load(str(folder / "moved.py")), str(folder / "runs"))
    assert [span for span, _ in found] == [1, 2]


def test_serving_data_is_held_to_the_skew_comparators_and_misses_no_label(folder: pathlib.Path) -> None:
    *_, serving = comparisons(runs.list_runs(str(folder / "runs"))[1])
    numbers = _numbers(serving.page)
    assert numbers["kind"] == "skew"
    assert {each["name"]: each["state"] for each in numbers["features"]} == {"x": "ok", "kind": "ok"}
    [check] = [check for each in numbers["features"] if each["name"] == "x" for check in each["checks"]]
    assert (check["measure"], check["from_schema"]) == ("jensen_shannon_divergence", True)
