"""What is known about each run: ROOT/runs/RUN_ID/run.json. Reading it needs neither TFX nor the metadata store."""

from __future__ import annotations

import datetime
import os
import re
import uuid
from typing import Any, Literal, Union

import pydantic

from components.errors import ExitCode, InputError, close_matches
from pipeline.layout import Layout

NodeState = Literal["pending", "running", "complete", "cached", "kept", "failed", "skipped", "cancelled"]
RunState = Literal["running", "complete", "failed", "interrupted", "killed"]
JOB = "job:"
"""What the name of a process begins with that is a job of a cluster: whether it is alive cannot be seen from here."""
_ID = re.compile(r"[A-Za-z0-9][-.\w]*", re.ASCII)
DONE: frozenset[NodeState] = frozenset({"complete", "cached", "kept"})


class Home(pydantic.BaseModel, frozen=True):
    """Under which run and attempt the metadata store knows a node's execution."""

    run: str
    attempt: int = 1


class NodeRecord(pydantic.BaseModel, frozen=True):
    """One node of a run. "kept" was done by an earlier attempt, or by an earlier run in a partial one."""

    id: str
    state: NodeState = "pending"
    seconds: float = 0.0
    reason: str = ""
    """Why it ran, was reused or was left out."""
    log: str = ""
    error: str = ""
    artifacts: dict[str, tuple[str, ...]] = {}
    """The URIs of its outputs, by output key."""
    peak_memory: Union[int, None] = None
    """Bytes; the executor's process with the imported libraries, and the processes it started."""
    processor_seconds: Union[float, None] = None
    """User and system time of those processes."""
    execution: Union[int, None] = None
    """Its execution's id in the metadata store."""
    home: Home

    @property
    def done(self) -> bool:
        """Whether its outputs can be used."""
        return self.state in DONE


class RunRecord(pydantic.BaseModel, frozen=True):
    """One run of a pipeline."""

    id: str
    pipeline: str
    state: RunState = "running"
    started: datetime.datetime
    finished: Union[datetime.datetime, None] = None
    config_json: str
    span: Union[int, None] = None
    nodes: tuple[NodeRecord, ...] = ()
    """In topological order."""
    upstream: dict[str, tuple[str, ...]] = {}
    """Each node's direct predecessors, in a run on a cluster, the whole of which nobody oversees."""
    blessed: Union[bool, None] = None
    """What the Evaluator said of the model; None where it said nothing."""
    pushed: Union[str, None] = None
    """The directory that the model was pushed to."""
    error: str = ""
    exit_code: int = 0
    parent: str = ""
    """The run that this one ingested an earlier span for."""
    attempt: int = 1
    """How often it was started; each resume counts."""
    first: Union[str, None] = None
    """Where a partial run begins."""
    last: Union[str, None] = None
    """Where a partial run ends."""
    process: str = ""
    """The process that runs it, as `process_id` tells it."""
    key: str = pydantic.Field(default_factory=lambda: uuid.uuid4().hex[:8])
    """Tells it from a run of the same id under another root."""

    def node(self, node_id: str) -> NodeRecord | None:
        """The record of that node, if the run has one."""
        return next((node for node in self.nodes if node.id == node_id), None)

    def folder_with(self, node_id: str, key: str, file: str) -> str | None:
        """The folder of that output which holds `file`; None where the run did not get so far, or it is gone."""
        node = self.node(node_id)
        folders = node.artifacts.get(key, ()) if node and node.done else ()
        return next((each for each in folders if os.path.isfile(os.path.join(each, file))), None)

    def with_node(self, node: NodeRecord) -> RunRecord:
        """This record with `node` in the place of the one of the same id."""
        return self.model_copy(update={"nodes": tuple(node if old.id == node.id else old for old in self.nodes)})


class Outcome(pydantic.BaseModel, frozen=True):
    """What one node makes of its run's record. Where nodes are processes of different machines, each writes its own."""

    node: NodeRecord
    attempt: int
    facts: dict[str, Any] = {}
    """Fields of the run's record that it knows: span, blessed, pushed, error, exit_code."""
    at: datetime.datetime


def check_id(run_id: str, what: str) -> None:
    """Raises InputError, which begins with `what`, where a run's id is no name of a folder."""
    if not _ID.fullmatch(run_id):
        raise InputError(f"{what}: write letters, digits, dots, dashes and underscores. Received: {run_id!r}")


def save(root: str, record: RunRecord) -> None:
    """Write the record so that a reader, or a kill at any moment, finds the old one or the new one."""
    write_whole(Layout(root).record(record.id), record.model_dump_json(indent=2))


def write_whole(path: str, text: str) -> None:
    """Write a file by one rename."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(f"{path}.part", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(f"{path}.part", path)


def list_runs(root: str) -> tuple[RunRecord, ...]:
    """All runs under `root`, oldest first."""
    layout = Layout(root)
    names = os.listdir(layout.runs) if os.path.isdir(layout.runs) else []
    found = [_read(root, name) for name in names if os.path.isfile(layout.record(name))]
    return tuple(sorted(found, key=lambda record: (record.started, record.id)))


def earlier(root: str, record: RunRecord) -> list[RunRecord]:
    """The other runs of the same pipeline, newest first."""
    return [each for each in reversed(list_runs(root)) if each.pipeline == record.pipeline and each.id != record.id]


def load_run(root: str, run_id: str) -> RunRecord:
    """The record of one run.

    Raises:
        InputError: there is no such run.
    """
    if os.path.isfile(Layout(root).record(run_id)):
        return _read(root, run_id)
    known = [record.id for record in list_runs(root)]
    hint = close_matches(run_id, known) or f" The latest: {', '.join(known[-3:]) or 'there are none'}"
    raise InputError(f"No run {run_id!r} under {root}.{hint}")


def save_outcome(root: str, run_id: str, outcome: Outcome) -> None:
    """Write what a node of a run on a cluster has come to.

    Each attempt has a file of its own: a container of one that was lost may still be there, and write.
    """
    write_whole(_outcome(root, run_id, outcome.node.id, outcome.attempt), outcome.model_dump_json(indent=2))


def load_outcome(root: str, run_id: str, node_id: str, attempt: int) -> Outcome | None:
    """What a node of a run on a cluster has come to so far in that attempt."""
    try:
        with open(_outcome(root, run_id, node_id, attempt), encoding="utf-8") as file:
            return Outcome.model_validate_json(file.read())
    except FileNotFoundError:
        return None


def heard_of(root: str, record: RunRecord) -> datetime.datetime:
    """When something was last written of a run: one on a cluster may have been lost without a word."""
    folder = Layout(root).outcomes(record.id)
    names = os.listdir(folder) if os.path.isdir(folder) else []
    paths = [Layout(root).record(record.id), *(os.path.join(folder, name) for name in names)]
    return datetime.datetime.fromtimestamp(max(map(os.path.getmtime, paths)), datetime.timezone.utc)


def _outcome(root: str, run_id: str, node_id: str, attempt: int) -> str:
    return os.path.join(Layout(root).outcomes(run_id), f"{node_id}-{attempt}.json")


def _read(root: str, run_id: str) -> RunRecord:
    with open(Layout(root).record(run_id), encoding="utf-8") as file:
        record = RunRecord.model_validate_json(file.read())
    if record.process.startswith(JOB):
        return _gathered(root, record)
    return record if record.state != "running" or _alive(record.process) else _killed(record)


def _gathered(root: str, record: RunRecord) -> RunRecord:
    """The record of a run on a cluster: what its task `start` wrote, and what each node has come to since."""
    found = [load_outcome(root, record.id, node.id, record.attempt) for node in record.nodes]
    outcomes = sorted((each for each in found if each), key=lambda each: each.at)
    # Who has ended the whole run has said why.
    said = () if record.state == "running" else ("error", "exit_code")
    for outcome in outcomes:
        facts = {name: value for name, value in outcome.facts.items() if name not in said}
        record = record.with_node(outcome.node).model_copy(update=facts)
    states = {node.state for node in record.nodes}
    stopped = _stopped(record)
    due = any(node.state == "pending" and node.id not in stopped for node in record.nodes)
    if record.state != "running" or "running" in states or due:
        return record
    last: dict[str, Any] = {"finished": outcomes[-1].at if outcomes else record.finished}
    if "failed" in states:
        why = {"state": "skipped", "reason": "an earlier node failed"}
        nodes = tuple(n.model_copy(update=why) if n.id in stopped else n for n in record.nodes)
        return record.model_copy(update={**last, "state": "failed", "nodes": nodes})
    code = ExitCode.GATE if record.blessed is False else ExitCode.OK
    return record.model_copy(update={**last, "state": "complete", "exit_code": int(code)})


def _stopped(record: RunRecord) -> set[str]:
    """The nodes that will not run because one before them has failed; a cluster runs all others."""
    ends = {node.id for node in record.nodes if node.state == "failed"}
    for node in record.nodes:
        if node.state == "pending" and ends.intersection(record.upstream.get(node.id, ())):
            ends.add(node.id)
    return {node.id for node in record.nodes if node.id in ends and node.state == "pending"}


def _killed(record: RunRecord) -> RunRecord:
    """The record of a run whose process is gone without having said so."""
    nodes = tuple(n.model_copy(update={"state": "cancelled"}) if n.state == "running" else n for n in record.nodes)
    return record.model_copy(update={"state": "killed", "nodes": nodes, "exit_code": int(ExitCode.CRASH)})


def process_id(pid: int) -> str:
    """A name of a process that no later process will have: its id and when it started, or "" when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            after_name = file.read().rpartition(")")[2].split()
    except OSError:
        return ""
    return f"{pid}:{after_name[19]}"


def _alive(process: str) -> bool:
    pid = process.partition(":")[0]
    return bool(pid) and process_id(int(pid)) == process
