"""Who is told of drift, and when: by real commands, on the records of runs. A webhook is in cli/test_drift_told.py."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

import pipeline.config as c
from components.drift.result import FILE, Comparison, Comparisons, Finding
from components.drift.state import State
from pipeline.drift import hooks
from pipeline.runs import Home, NodeRecord, RunRecord
from tests.pipeline.test_runs import record

TELL = "cat >> told; echo >> told"


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path


def _config(folder: pathlib.Path, hook: str | None) -> c.Config:
    return c.Config(
        name="moved",
        data=c.Data(path="span-{SPAN}/*.csv"),
        heads=(c.Head(label="y"),),
        features=(c.Numeric(column="x"),),
        drift=c.Drift(hook=hook),
        project=str(folder),
        root="runs",
    )


def _run(
    folder: pathlib.Path, number: int, span: int | None, state: State, *features: str, current: str = ""
) -> RunRecord:
    """The record of a run whose node Drift has left these findings in a folder of its own.

    What they are about are the statistics of `current`, or else of the span.
    """
    reports = folder / f"reports-{number}"
    reports.mkdir(exist_ok=True)
    found = tuple(
        Finding(feature=each, role="feature", measure="L-infinity", value=0.2, threshold=0.05, text=f"{each}: moved")
        for each in features
    )
    comparison = Comparison(
        name="previous",
        title="span 2 against span 1",
        state=state,
        verdict="so it is",
        page="previous/drift.html",
        sources=("statistics of span 1", current or f"statistics of span {span}"),
        findings=found,
        not_comparable=("y: not comparable: it is gone",) if state == "not comparable" else (),
    )
    (reports / FILE).write_text(Comparisons(span=span, comparisons=(comparison,)).model_dump_json())
    artifacts = {"reports": (str(reports),)}
    node = NodeRecord(id="Drift", state="cached", artifacts=artifacts, home=Home(run="r"))
    return record(f"moved-{number}", nodes=(node,)).model_copy(update={"pipeline": "moved"})


def _told(folder: pathlib.Path) -> list[dict[str, Any]]:
    path = folder / "told"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _features(folder: pathlib.Path) -> list[tuple[object, list[str]]]:
    """The span and the features of each call."""
    return [(each["span"], [finding["feature"] for finding in each["findings"]]) for each in _told(folder)]


def test_each_finding_is_told_once_whichever_run_it_is_in(folder: pathlib.Path) -> None:
    config = _config(folder, TELL)
    assert hooks.tell(config, _run(folder, 1, 2, "drift", "x", "y")) == []
    assert hooks.tell(config, _run(folder, 2, 2, "drift", "y", "z")) == []
    assert hooks.tell(config, _run(folder, 3, 3, "drift", "x")) == []
    assert hooks.tell(config, _run(folder, 4, 3, "drift", "x")) == []
    assert _features(folder) == [(2, ["x", "y"]), (2, ["z"]), (3, ["x"])]
    told = _told(folder)[0]
    assert told["text"] == "moved, span 2 against span 1: x: moved; y: moved"
    assert told["page"] == str(folder / "reports-1/previous/drift.html")


def test_other_data_of_the_same_span_is_told_again(folder: pathlib.Path) -> None:
    config = _config(folder, TELL)
    for number, day in enumerate(("monday", "wednesday", "wednesday")):
        assert hooks.tell(config, _run(folder, number, 2, "drift", "x", current=day)) == []
    assert _features(folder) == [(2, ["x"]), (2, ["x"])]


def test_what_a_hook_failed_to_take_it_is_told_by_the_run_of_the_next_span(folder: pathlib.Path) -> None:
    [problem] = hooks.tell(_config(folder, "echo no such room >&2; exit 3"), _run(folder, 1, 2, "drift", "x", "y"))
    assert problem.endswith("ended with 3: no such room. The next run tells it again")
    other = _run(folder, 9, 2, "ok").model_copy(update={"pipeline": "other"})
    assert hooks.tell(_config(folder, TELL), other) == []
    assert _features(folder) == []
    assert hooks.tell(_config(folder, TELL), _run(folder, 2, 3, "drift", "x")) == []
    assert hooks.tell(_config(folder, TELL), _run(folder, 3, 3, "drift", "x")) == []
    assert _features(folder) == [(2, ["x", "y"]), (3, ["x"])]


def test_many_findings_are_one_call(folder: pathlib.Path) -> None:
    hooks.tell(_config(folder, TELL), _run(folder, 1, 2, "drift", *(f"f{number}" for number in range(15))))
    [told] = _told(folder)
    assert len(told["findings"]) == 15
    assert str(told["text"]).endswith("; f11: moved; and 3 more")


def test_files_that_cannot_be_used_are_named_and_end_no_run(folder: pathlib.Path) -> None:
    config, run = _config(folder, TELL), _run(folder, 1, 2, "drift", "x")
    (folder / "runs").mkdir()
    (folder / "runs/told.json").write_text("{")
    [problem] = hooks.tell(config, run)
    assert problem.startswith(f"{folder}/runs/told.json: expected what earlier runs wrote there, but: ")
    assert "drift.hook" not in problem
    (folder / "runs/told.json").unlink()
    (folder / "runs/told.json").mkdir()
    (folder / "runs/told.json/file").touch()
    assert hooks.tell(config, run)[0].startswith(f"{folder}/runs/told.json: ")
    (folder / "reports-1" / FILE).write_text("{")
    (folder / "runs/told.json/file").unlink()
    (folder / "runs/told.json").rmdir()
    [problem] = hooks.tell(config, run)
    assert problem.startswith(f"{folder}/reports-1/{FILE}: expected what Drift and PredictionDrift write, but: ")
    assert _told(folder) == []


def test_that_nothing_could_be_compared_is_told_and_a_pass_or_a_first_span_is_not(folder: pathlib.Path) -> None:
    config = _config(folder, TELL)
    for number, state in enumerate(("ok", "no baseline", "not comparable", "not comparable")):
        hooks.tell(config, _run(folder, number, 2, state))
    [told] = _told(folder)
    assert told["text"] == "moved, span 2 against span 1: y: not comparable: it is gone"
    assert told["not_comparable"] == ["y: not comparable: it is gone"]


def test_of_a_webhook_only_the_host_is_said(folder: pathlib.Path) -> None:
    hook = "http://me:word@localhost:1?token=secret"
    [problem] = hooks.tell(_config(folder, hook), _run(folder, 1, 2, "drift", "x"))
    assert problem.startswith("drift.hook localhost:1: ")
    assert "secret" not in problem


def test_an_environment_variable_holds_the_hook(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = _config(folder, "env:MILLRACE_TEST_HOOK")
    [problem] = hooks.tell(config, _run(folder, 1, 2, "drift", "x"))
    assert problem.startswith(
        "drift.hook env:MILLRACE_TEST_HOOK: the environment variable MILLRACE_TEST_HOOK holds nei"
    )
    monkeypatch.setenv("MILLRACE_TEST_HOOK", "https:///s3cret")
    [problem] = hooks.tell(config, _run(folder, 2, 3, "drift", "x"))
    assert "MILLRACE_TEST_HOOK begins as a URL does, and has no host" in problem
    assert "s3cret" not in problem
    monkeypatch.setenv("MILLRACE_TEST_HOOK", f"{TELL}\n")
    assert hooks.tell(config, _run(folder, 3, 4, "ok")) == []
    assert _features(folder) == [(2, ["x"]), (3, ["x"])]


def test_without_a_hook_nobody_is_told(folder: pathlib.Path) -> None:
    assert hooks.tell(_config(folder, None), _run(folder, 1, 2, "drift", "x")) == []
    assert not (folder / "runs").exists()
