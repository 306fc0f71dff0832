"""Nodes side by side: what comes of it is what comes of one after another."""

import sys

import pytest

import pipeline.config as c
from components.errors import ExitCode, MillraceError
from pipeline.runners.events import NodeFinished, NodeStarted
from tests.pipeline.runners.drive import Driver, run
from tests.pipeline.runners.test_local import states

ONE = c.Machine(cores=1)
TWO = c.Machine(cores=2)


def test_nodes_that_do_not_wait_for_each_other_run_side_by_side(project):
    project.act(Count="meet", Train="meet")
    assert set(states(run(project.config(machine=TWO))).values()) == {"complete"}


def test_on_one_core_a_node_begins_when_the_one_before_has_ended(project):
    driver = Driver(project.config(machine=ONE))
    driver.wait()
    told = [
        f"{type(event).__name__} {event.node if isinstance(event, NodeStarted) else event.record.id}"
        for event in driver.events
        if isinstance(event, NodeStarted | NodeFinished)
    ]
    assert told == [
        f"{what} {node}" for node in ("Ingest", "Count", "Trainer", "Push") for what in ("NodeStarted", "NodeFinished")
    ]


def test_of_several_failures_the_first_in_the_pipeline_is_the_runs_whichever_came_first(project):
    for count, train in (("meet gate", "meet crash"), ("gate", "meet"), ("meet gate", "gate")):
        project.act(Count=count, Train=train)
        for met in project.folder.glob("met-*"):
            met.unlink()
        (project.folder / "met-nobody").touch()
        record = run(project.config(machine=TWO, cache=False))
        assert (record.state, record.exit_code) == ("failed", ExitCode.GATE)
        assert record.error == "Count: 3 anomalies"
        assert states(record)["Push"] == "skipped"


def test_what_ran_beside_a_failed_node_is_kept(project):
    project.act(Count="meet gate", Train="meet")
    assert states(run(project.config(machine=TWO)))["Trainer"] == "complete"

    project.act()
    resumed = run(project.config(machine=TWO), resume=True)
    assert states(resumed) == {"Ingest": "kept", "Count": "complete", "Trainer": "kept", "Push": "complete"}


def test_on_one_core_nothing_behind_a_failed_node_is_begun(project):
    project.act(Count="gate")
    assert states(run(project.config(machine=ONE))) == {
        "Ingest": "complete", "Count": "failed", "Trainer": "skipped", "Push": "skipped",
    }  # fmt: skip


def _forget_how_to_compile() -> None:
    sys.modules["pipeline.runners.compiling"] = None


def _compiles(project) -> bool:
    """Whether a run needs what it has forgotten."""
    try:
        record = Driver(project.config(), before=_forget_how_to_compile).wait()
    except MillraceError:
        return True
    return record.state == "failed"


@pytest.mark.parametrize("file", ["helper.py", "data.txt"])
def test_a_kept_pipeline_is_made_anew_where_a_file_that_it_is_made_of_has_changed(project, file):
    run(project.config())
    assert not _compiles(project)
    with (project.folder / file).open("a") as changed:
        changed.write("\n# 1\n")
    assert _compiles(project)


def test_a_run_that_finds_all_done_asks_no_child_and_compiles_nothing(project):
    run(project.config())
    for config in (project.config(), project.config(machine=ONE)):
        record = Driver(config, before=_forget_how_to_compile).wait()
        assert set(states(record).values()) == {"cached"}
