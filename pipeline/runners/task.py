"""What a container of a cluster does: one node of a run that `start` has planned.

Nothing of a run is kept in a container. The plan, the record and what each node has come to lie under the root, so that
a container that is tried again after it was killed finds what the one before has left.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import subprocess
from collections.abc import Iterator
from typing import IO

from components.errors import ExitCode, InputError
from pipeline import runs
from pipeline.config import Config
from pipeline.connection import connection
from pipeline.layout import Layout
from pipeline.runners import light
from pipeline.runners.engine import Engine
from pipeline.runners.events import After, Listener, Message, NodeFinished, NodeStarted
from pipeline.runners.spawner import Spawner
from pipeline.runs import NodeRecord, Outcome, RunRecord

_FINAL = (ExitCode.GATE, ExitCode.INPUT, ExitCode.NOT_COMPARABLE)
"""A node that ended so would end so again."""


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a container belongs.

    Attributes:
        root: the pipeline root, a folder that all containers share.
        run: the run's id, the same for all jobs that go on with it.
        job: the platform's id of the job that the container is of.
    """

    root: str
    run: str
    job: str

    def __post_init__(self) -> None:
        """Raises InputError where the run's id is no name of a folder."""
        runs.check_id(self.run, "run_id")


def run(place: Place, node_id: str, listen: Listener, after: After) -> Outcome:
    """Run one node.

    Args:
        after: called by the node with which the run ends; returns what went wrong in it.

    Raises:
        InputError: there is no such run, or node in it.
    """
    record = runs.load_run(place.root, place.run)
    owner = record.process.removeprefix(runs.JOB)
    if owner != place.job:
        raise InputError(f"run {place.run} belongs to job {owner}, which took it over. Received: {place.job}")
    node = record.node(node_id)
    if node is None:
        raise InputError(f"{node_id}: run {place.run} has no such node. Its nodes: {', '.join(_ids(record))}")
    before = runs.load_outcome(place.root, place.run, node_id, record.attempt)
    if before and _failed_for_good(before):
        listen(Message(f"{node_id} has failed in this run, and would again"))
        return before
    outcome = _run(place, record, node_id, listen)
    runs.save_outcome(place.root, place.run, outcome)
    listen(NodeFinished(outcome.node))
    record = runs.load_run(place.root, place.run)
    if record.state != "running":
        for problem in after(Config(**json.loads(record.config_json)), record):
            listen(Message(problem))
    return outcome


def _ids(record: RunRecord) -> list[str]:
    return [node.id for node in record.nodes]


def _failed_for_good(outcome: Outcome) -> bool:
    return outcome.node.state == "failed" and outcome.facts.get("exit_code") in _FINAL


def _run(place: Place, record: RunRecord, node_id: str, listen: Listener) -> Outcome:
    config = Config(**json.loads(record.config_json))
    with light.imports(config):
        from pipeline.runners import plan, step

        planned = plan.load(place.root, place.run)
        node = next(each for each in planned.nodes if each.id == node_id)
        with _log(place, node) as log:
            engine = Engine(place.root, connection(place.root), Spawner(log), listen, logs=False)
            this = step.Step(engine, config, planned, record, node, runs.earlier(place.root, record))
            runs.save_outcome(place.root, place.run, this.begin())
            listen(NodeStarted(node_id))
            return this.finish(record)


@contextlib.contextmanager
def _log(place: Place, node: NodeRecord) -> Iterator[IO[bytes]]:
    """The end of the node's log, which is printed, too."""
    path = os.path.join(Layout(place.root).logs(place.run), f"{node.id}.log")
    with subprocess.Popen(["tee", "-a", path], stdin=subprocess.PIPE) as tee:
        assert tee.stdin
        yield tee.stdin
