"""Predictions that have moved since the span before, in a run whose gate stops for it."""

from __future__ import annotations

import pathlib

import pytest

from pipeline import runs
from pipeline.drift.of_run import comparisons
from tests.pipeline.cli import moved
from tests.pipeline.cli.shell import millrace


@pytest.mark.acceptance
def test_predictions_that_moved_stop_the_run_before_the_push(tmp_path: pathlib.Path) -> None:
    moved.put(tmp_path, 'on_drift="fail", previous=False', (0.0, 1.0))
    assert millrace("run", tmp_path / "moved.py", "--span", 1, "--to", "ExampleGen").code == 0
    answer = millrace("run", tmp_path / "moved.py", "--span", 2)
    assert answer.code == 1, answer.err
    assert "\n  prediction " in answer.err
    record = runs.list_runs(str(tmp_path / "runs"))[-1]
    states = {node.id: node.state for node in record.nodes}
    assert (states["PredictionDrift"], states["PredictionDriftGate"]) == ("complete", "failed")
    assert states["Pusher"] == "skipped"
    [told] = comparisons(record)
    assert told.comparison.title == "span 2, predictions against span 1, predictions"
    assert {each.role for each in told.comparison.findings} >= {"prediction"}
