"""Who is told of drift, and when: by real commands, on the records of runs. A webhook is in cli/test_drift_runs.py."""

from __future__ import annotations

import json
import pathlib

import pytest

import pipeline.config as c
from components.drift.result import FILE, Comparison, Comparisons, Finding, State
from pipeline.runners import hooks
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
        root="root",
    )


def _run(folder: pathlib.Path, number: int, span: int | None, state: State, *features: str) -> RunRecord:
    """The record of a run whose node Drift has left these findings in a folder of its own."""
    reports = folder / f"reports-{number}"
    reports.mkdir(exist_ok=True)
    found = tuple(
        Finding(feature=each, role="feature", measure="L-infinity", value=0.2, threshold=0.05) for each in features
    )
    comparison = Comparison(
        name="previous",
        title="span 2 against span 1",
        state=state,
        verdict="so it is",
        page="previous/drift.html",
        findings=found,
    )
    (reports / FILE).write_text(Comparisons(span=span, comparisons=(comparison,)).model_dump_json())
    artifacts = {"reports": (str(reports),)}
    node = NodeRecord(id="Drift", state="cached", artifacts=artifacts, home=Home(run="r"))
    return record(f"moved-{number}", nodes=(node,)).model_copy(update={"pipeline": "moved"})


def _told(folder: pathlib.Path) -> list[dict[str, object]]:
    path = folder / "told"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_each_finding_is_told_once_whichever_run_it_is_in(folder: pathlib.Path) -> None:
    config = _config(folder, TELL)
    assert hooks.tell(config, _run(folder, 1, 2, "drift", "x", "y")) == []
    assert hooks.tell(config, _run(folder, 2, 2, "drift", "y", "z")) == []
    assert hooks.tell(config, _run(folder, 3, 3, "drift", "x")) == []
    told = _told(folder)
    assert [(each["span"], each["feature"]) for each in told] == [(2, "x"), (2, "y"), (2, "z"), (3, "x")]
    assert told[0]["text"] == "moved, span 2 against span 1: x: L-infinity 0.2 > 0.05"
    assert told[0]["page"] == str(folder / "reports-1/previous/drift.html")


def test_a_command_that_fails_is_named_and_tried_again(folder: pathlib.Path) -> None:
    run = _run(folder, 1, 2, "drift", "x", "y")
    [problem] = hooks.tell(_config(folder, "echo no such room >&2; exit 3"), run)
    assert problem.endswith("ended with 3: no such room. The next run tries it again")
    assert hooks.tell(_config(folder, TELL), run) == []
    assert [each["feature"] for each in _told(folder)] == ["x", "y"]


def test_that_nothing_could_be_compared_is_told_and_a_pass_or_a_first_span_is_not(folder: pathlib.Path) -> None:
    config = _config(folder, TELL)
    for number, state in enumerate(("ok", "no baseline", "not comparable", "not comparable")):
        hooks.tell(config, _run(folder, number, 2, state))
    assert [each["text"] for each in _told(folder)] == ["moved, span 2 against span 1: so it is"]


def test_without_spans_new_data_is_told_again_and_what_comes_out_of_the_cache_is_not(folder: pathlib.Path) -> None:
    config = _config(folder, TELL)
    for number in (1, 1, 2):
        hooks.tell(config, _run(folder, number, None, "drift", "x"))
    assert len(_told(folder)) == 2


def test_without_a_hook_nobody_is_told(folder: pathlib.Path) -> None:
    assert hooks.tell(_config(folder, None), _run(folder, 1, 2, "drift", "x")) == []
    assert not (folder / "root").exists()
