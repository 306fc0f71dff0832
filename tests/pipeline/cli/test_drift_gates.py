"""Runs that are stopped where data has drifted, and what the spans after them are held against."""

from __future__ import annotations

import pathlib

import pytest

from pipeline import runs
from pipeline.drift.of_run import comparisons
from tests.pipeline.cli import moved
from tests.pipeline.cli.shell import Answer, millrace


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A user's folder: x lies higher from span 2 on, the gate fails, and the first span, which has no baseline, passed.

    Serving data lies lower than the training data of all spans.
    """
    folder = tmp_path_factory.mktemp("gates")
    moved.put(folder, 'on_drift="fail", predictions=False', (0.0, 1.0, 1.0))
    moved.put_rows(folder / "serving.csv", -9.0, ("x", "kind"))
    answer = _run(folder, 1)
    assert answer.code == 0, answer.err
    return folder


def _run(folder: pathlib.Path, span: int, *flags: str, to: str = "DriftGate") -> Answer:
    return millrace("run", folder / "moved.py", "--span", span, "--to", to, *flags)


def _found(folder: pathlib.Path) -> dict[str, str]:
    """Of the last run."""
    record = runs.list_runs(str(folder / "runs"))[-1]
    return {told.comparison.title: told.comparison.state for told in comparisons(record)}


def test_a_gate_that_fails_stops_the_run_before_the_training_also_when_it_is_resumed(folder: pathlib.Path) -> None:
    for flags in ((), ("--resume",)):
        answer = millrace("run", folder / "moved.py", "--span", 2, *flags)
        assert answer.code == 1
        assert "Traceback" not in answer.out + answer.err
        assert "span 2 against span 1: " in answer.err
        assert f"\n  x: {moved.MEASURE} 0." in answer.err
        record = runs.list_runs(str(folder / "runs"))[-1]
        states = {node.id: node.state for node in record.nodes}
        assert (states["DriftGate"], states["Trainer"], states["Pusher"]) == ("failed", "skipped", "skipped")
        assert states["Drift"] == ("kept" if flags else "complete")


def test_a_span_that_was_stopped_is_no_baseline_until_its_gates_let_it_pass(folder: pathlib.Path) -> None:
    assert _run(folder, 2).code == 1
    answer = _run(folder, 3)
    assert answer.code == 1
    assert "; span 2 is no baseline: a gate stopped its run" in answer.err
    assert _found(folder) == {"span 3 against span 1": "drift"}

    assert _run(folder, 2, "--set", "drift.on_drift=warn").code == 0
    answer = _run(folder, 3)
    assert answer.code == 0, answer.err
    assert _found(folder) == {"span 3 against span 2": "ok"}


def test_serving_data_that_is_skewed_stops_the_run(folder: pathlib.Path) -> None:
    answer = _run(folder, 3, "--set", 'drift.serving={"path": "serving.csv"}')
    assert answer.code == 1
    assert "serving data against training data: " in answer.err
    assert "\n  x: Jensen-Shannon" in answer.err
    assert _found(folder)["serving data against training data"] == "drift"
