"""The record that a run begins with: of a new run, or of the next attempt at one that ended early."""

from __future__ import annotations

import datetime
import os

from components.errors import ExitCode, InputError
from pipeline import runs
from pipeline.config import Config
from pipeline.layout import Layout
from pipeline.runs import Outcome, RunRecord


def first(config: Config, root: str) -> RunRecord:
    """A new run, with its folder."""
    run_id = stem = f"{config.name}-{now():%Y%m%d-%H%M%S}"
    count = 1
    while os.path.exists(Layout(root).run(run_id)):
        count += 1
        run_id = f"{stem}-{count}"
    os.makedirs(Layout(root).logs(run_id))
    return called(run_id, config, runs.process_id(os.getpid()))


def called(run_id: str, config: Config, process: str) -> RunRecord:
    """A new run of that id."""
    return RunRecord(id=run_id, pipeline=config.name, started=now(), config_json=_json(config), process=process)


def to_resume(config: Config, root: str, which: bool | str) -> RunRecord:
    """The record of the run to go on with, as it was left.

    Args:
        which: its id, or True for the latest.

    Raises:
        InputError: there is none, it is complete, or of another pipeline.
    """
    if isinstance(which, str):
        record = runs.load_run(root, which)
    else:
        mine = [r for r in runs.list_runs(root) if r.pipeline == config.name and not r.parent]
        if not mine:
            raise InputError(f"--resume: {root} has no run of {config.name} yet. Start one without --resume")
        record = mine[-1]
    check_resumable(record, config, "--resume")
    if record.state == "complete":
        raise InputError(f"--resume: run {record.id} is complete, there is nothing to go on with")
    return record


def check_resumable(record: RunRecord, config: Config, option: str) -> None:
    """Refuse a run that `config` can't go on with, whatever its state.

    Args:
        option: that names it, for the message.

    Raises:
        InputError: it is of another pipeline, or of an earlier span that another run needs.
    """
    if record.pipeline != config.name:
        raise InputError(f"{option} {record.id}: it is a run of {record.pipeline}, not of {config.name}")
    if record.parent:
        raise InputError(f"{option} {record.id}: it belongs to run {record.parent}. Resume that one")


def after(before: RunRecord, config: Config, process: str) -> RunRecord:
    """The next attempt at a run, which knows what the one before has done."""
    update = {
        "state": "running",
        "finished": None,
        "error": "",
        "exit_code": 0,
        "attempt": before.attempt + 1,
        "config_json": _json(config),
        "process": process,
    }
    return before.model_copy(update=update)


def ended(record: RunRecord) -> RunRecord:
    """The record of a run whose nodes are through."""
    update: dict[str, object] = {"state": "failed" if record.error else "complete", "finished": now()}
    if not record.error and record.blessed is False:
        update["exit_code"] = int(ExitCode.GATE)
    return record.model_copy(update=update)


def end_job(root: str, job: str, *, interrupted: bool) -> None:
    """Write down the end of runs that still count as running, of a platform's job of which nothing is left.

    Args:
        interrupted: somebody has asked it to end; otherwise its processes were killed.
    """
    end = ("interrupted", ExitCode.INTERRUPTED) if interrupted else ("killed", ExitCode.CRASH)
    for record in runs.list_runs(root):
        if record.state != "running" or record.process != f"{runs.JOB}{job}":
            continue
        for node in record.nodes:
            if node.state == "running":
                cancelled = node.model_copy(update={"state": "cancelled"})
                runs.save_outcome(root, record.id, Outcome(node=cancelled, attempt=record.attempt, at=now()))
        update = {"state": end[0], "exit_code": int(end[1]), "finished": now()}
        runs.save(root, runs.load_run(root, record.id).model_copy(update=update))


def now() -> datetime.datetime:
    """The time, with its zone."""
    return datetime.datetime.now(datetime.timezone.utc)


def _json(config: Config) -> str:
    return config.model_dump_json(by_alias=True)
