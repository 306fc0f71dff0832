import os
import pathlib
import signal
import time

import pytest

import pipeline.config as c
from components.errors import ExitCode, InputError
from pipeline.runners.events import Message
from pipeline.runs import list_runs, load_run
from tests.pipeline.runners.conftest import Project
from tests.pipeline.runners.drive import Driver, run
from tests.pipeline.runners.test_local import reasons, states, under_way


def asleep(project: Project, *nodes: str) -> list[int]:
    """Wait until only the nodes (the Trainer) sleep; the ids of their processes and of those that they started."""
    files = [project.folder / f"asleep-{node}" for node in nodes or ("Train",)]
    until(lambda: all(file.exists() and len(file.read_text().split()) == 2 for file in files))
    until(lambda: [node.state for run in list_runs(project.root) for node in run.nodes].count("running") == len(files))
    return [int(pid) for file in files for pid in file.read_text().split()]


def gone(pids: list[int]) -> bool:
    return not any(os.path.exists(f"/proc/{pid}") and _state(pid) != "Z" for pid in pids)


def _state(pid: int) -> str:
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"


def until(true) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_children_and_can_be_resumed(project, number):
    project.act(Train="sleep")
    driver = Driver(project.config())
    pids = asleep(project)
    os.kill(driver.process.pid, number)
    record = driver.wait()

    assert (record.state, record.exit_code) == ("interrupted", ExitCode.INTERRUPTED)
    assert states(record) == {"Ingest": "complete", "Count": "complete", "Trainer": "cancelled", "Push": "pending"}
    until(lambda: gone(pids))
    assert under_way(project) == 0
    assert os.listdir(f"{project.root}/artifacts/Trainer/model") == []

    project.act()
    resumed = run(project.config(), resume=True)
    assert states(resumed) == {"Ingest": "kept", "Count": "kept", "Trainer": "complete", "Push": "complete"}
    assert reasons(resumed)["Trainer"] == "resumed: it had been interrupted"


def test_nodes_side_by_side_are_interrupted_together(project):
    project.act(Count="sleep", Train="sleep")
    two = project.config(machine=c.Machine(cores=2))
    driver = Driver(two)
    pids = asleep(project, "Count", "Train")
    os.kill(driver.process.pid, signal.SIGINT)
    record = driver.wait()

    assert (record.state, record.exit_code) == ("interrupted", ExitCode.INTERRUPTED)
    assert states(record) == {"Ingest": "complete", "Count": "cancelled", "Trainer": "cancelled", "Push": "pending"}
    until(lambda: gone(pids))
    assert under_way(project) == 0

    project.act()
    resumed = run(two, resume=True)
    assert states(resumed) == {"Ingest": "kept", "Count": "complete", "Trainer": "complete", "Push": "complete"}


def test_a_killed_run_takes_its_children_along_frees_the_lock_and_can_be_resumed(project):
    project.act(Train="sleep")
    driver = Driver(project.config())
    pids = asleep(project)
    driver.process.kill()
    with pytest.raises(EOFError):
        driver.wait()

    until(lambda: gone(pids))
    [record] = list_runs(project.root)
    assert (record.state, record.node("Trainer").state) == ("killed", "cancelled")
    assert under_way(project) == 1

    project.act()
    resumed = run(project.config(), resume=True, wait=False)
    assert (resumed.id, resumed.state, resumed.attempt) == (record.id, "complete", 2)
    assert states(resumed) == {"Ingest": "kept", "Count": "kept", "Trainer": "complete", "Push": "complete"}
    assert under_way(project) == 0
    assert len(os.listdir(f"{project.root}/artifacts/Trainer/model")) == 1


def test_the_next_run_buries_what_a_killed_one_left(project):
    project.act(Train="sleep")
    driver = Driver(project.config())
    asleep(project)
    driver.process.kill()
    with pytest.raises(EOFError):
        driver.wait()

    project.act()
    record = run(project.config())
    assert states(record) == {"Ingest": "cached", "Count": "cached", "Trainer": "complete", "Push": "complete"}
    assert under_way(project) == 0
    assert [r.state for r in list_runs(project.root)] == ["killed", "complete"]


def test_a_node_that_succeeded_just_before_the_kill_is_kept(project):
    """The store knows it, the record doesn't."""
    alone = project.config(machine=c.Machine(cores=1))  # or Trainer may be through beside it
    driver = Driver(alone, before=die_after_publishing_count)
    with pytest.raises(EOFError):
        driver.wait()
    [record] = list_runs(project.root)
    assert record.node("Count").state == "cancelled"

    resumed = run(alone, resume=True)
    assert states(resumed) == {"Ingest": "kept", "Count": "kept", "Trainer": "complete", "Push": "complete"}
    assert os.path.isdir(resumed.node("Count").artifacts["blessing"][0])


def die_after_publishing_count() -> None:
    from pipeline.runners import step

    real = step.run_node

    def run_node(ir, node_id, *rest):
        result = real(ir, node_id, *rest)
        if node_id == "Count":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    step.run_node = run_node


def test_two_runs_on_one_root_wait_for_each_other_or_are_refused(project):
    project.act(Train="sleep")
    first = Driver(project.config())
    asleep(project)
    [record] = list_runs(project.root)
    holder = rf"in use by run {record.id} \(pid {first.process.pid}\)"
    with pytest.raises(InputError, match=f"{holder}. Wait until it has ended"):
        run(project.config(), wait=False)

    second = Driver(project.config())
    project.act()
    until(lambda: second.poll())
    os.kill(first.process.pid, signal.SIGINT)
    assert first.wait().state == "interrupted"
    record = second.wait()
    assert isinstance(second.events[0], Message)
    assert second.events[0].text.startswith("Waiting: ")
    assert record.state == "complete"
    assert load_run(project.root, record.id).state == "complete"
