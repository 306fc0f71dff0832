import datetime
import os

import pytest

from components.errors import InputError
from pipeline.layout import Layout
from pipeline.runners.attempts import end_job
from pipeline.runs import (
    JOB,
    Home,
    NodeRecord,
    Outcome,
    RunRecord,
    list_runs,
    load_run,
    process_id,
    save,
    save_outcome,
)

DAY = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)


def record(run_id: str, day: int = 0, **fields: object) -> RunRecord:
    started = DAY + datetime.timedelta(days=day)
    return RunRecord(id=run_id, pipeline="taxi", started=started, config_json="{}", **{"state": "complete", **fields})


def test_runs_are_listed_oldest_first_and_read_back_as_they_were_written(tmp_path):
    root = str(tmp_path)
    assert list_runs(root) == ()
    node = NodeRecord(id="Trainer", state="cached", artifacts={"model": ("/a/1",)}, home=Home(run="b", attempt=2))
    newer, older = record("a", 2, nodes=(node,), blessed=False), record("b", 1)
    save(root, newer)
    save(root, older)
    os.makedirs(Layout(root).run("killed-before-its-first-record"))

    assert list_runs(root) == (older, newer)
    assert load_run(root, "a") == newer


def test_an_unknown_run_is_answered_with_close_matches(tmp_path):
    save(str(tmp_path), record("taxi-20240101-120000"))
    with pytest.raises(InputError, match="No run 'taxi-20240101-12000' .*Did you mean taxi-20240101-120000"):
        load_run(str(tmp_path), "taxi-20240101-12000")


def test_a_run_whose_process_is_gone_was_killed(tmp_path):
    root, me = str(tmp_path), process_id(os.getpid())
    running = NodeRecord(id="Trainer", state="running", home=Home(run="a"))
    save(root, record("a", state="running", process=me, nodes=(running,)))
    assert load_run(root, "a").state == "running"

    save(root, record("a", state="running", process=f"{os.getpid()}:1", nodes=(running,)))
    killed = load_run(root, "a")
    assert (killed.state, killed.exit_code, killed.nodes[0].state) == ("killed", 70, "cancelled")


def test_a_job_that_somebody_has_ended_ends_with_what_that_says(tmp_path):
    root = str(tmp_path)
    nodes = tuple(NodeRecord(id=name, state="pending", home=Home(run="a")) for name in ("Count", "Trainer"))
    save(root, record("a", state="running", process=f"{JOB}j", nodes=nodes))
    failed, running = nodes[0].model_copy(update={"state": "failed"}), nodes[1].model_copy(update={"state": "running"})
    at = datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc)
    save_outcome(root, "a", Outcome(node=failed, attempt=1, facts={"error": "Count: no", "exit_code": 1}, at=at))
    save_outcome(root, "a", Outcome(node=running, attempt=1, at=at))

    end_job(root, "j", interrupted=True)

    ended = load_run(root, "a")
    assert (ended.state, ended.exit_code) == ("interrupted", 130)
    assert [node.state for node in ended.nodes] == ["failed", "cancelled"]


def test_a_failed_node_of_a_cluster_ends_the_run_once_nothing_else_can_run(tmp_path):
    """The outcomes come in any order: each node is a container of its own."""
    root, upstream = str(tmp_path), {"a": (), "b": ("a",), "c": ("b",), "d": ("a",), "e": ("c", "d")}
    nodes = tuple(NodeRecord(id=name, state="pending", home=Home(run="r")) for name in upstream)
    save(root, record("r", state="running", process=f"{JOB}j", nodes=nodes, upstream=upstream))
    seen = []
    for name, state in [("a", "complete"), ("b", "failed"), ("d", "running"), ("d", "complete")]:
        node = NodeRecord(id=name, state=state, home=Home(run="r"))
        save_outcome(root, "r", Outcome(node=node, attempt=1, at=DAY))
        seen.append(load_run(root, "r"))
    assert [each.state for each in seen] == ["running", "running", "running", "failed"]
    assert [node.state for node in seen[1].nodes] == ["complete", "failed", "pending", "pending", "pending"]
    assert [node.state for node in seen[3].nodes] == ["complete", "failed", "skipped", "complete", "skipped"]
