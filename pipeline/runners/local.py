"""Runs a pipeline on this machine. Nothing heavy is imported until it is certain that there is something to do."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import os
import shutil
import signal
import threading
import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING, Union

from components.errors import ExitCode, InputError, MillraceError
from pipeline import runs
from pipeline.config import Config
from pipeline.runners import lock, logs
from pipeline.runners.events import Listener, Message
from pipeline.runs import RunRecord

if TYPE_CHECKING:
    from pipeline.runners.walk import Walk


@dataclasses.dataclass(frozen=True)
class Options:
    """How to run.

    Attributes:
        resume: go on with the latest failed, interrupted or killed run, or with that of the given id.
        first: run this node and what comes after it, on the outputs of an earlier run.
        last: run this node and what it needs.
        force: nodes that run even though they are cached.
        in_process: run executors in this process, for a debugger.
        wait: wait while another run uses the root; otherwise refuse.
    """

    resume: Union[bool, str] = False
    first: Union[str, None] = None
    last: Union[str, None] = None
    force: tuple[str, ...] = ()
    in_process: bool = False
    wait: bool = True


def run(config: Config, options: Options, listen: Listener) -> RunRecord:
    """Run `config`, or go on with an earlier run of it. The record's exit_code says how it ended.

    Raises:
        InputError: nothing was started: the root can't be written, is in use, or there is nothing to resume.
    """
    root = config.root_path
    with lock.hold(root, options.wait, lambda text: listen(Message(text))) as held:
        before = _to_resume(config, options, root) if options.resume else None
        record = _next_attempt(config, options, before) if before else _new(config, options, root)
        held.sign(record.id)
        with _disk(root):
            for dead in runs.list_runs(root):
                if dead.state == "killed":
                    runs.save(root, dead)
            runs.save(root, record)
        try:
            record = _guarded(config, options, listen, record, held)
        except MillraceError:
            _take_back(root, record, before)
            raise
        with _disk(root):
            runs.save(root, record.model_copy(update={"finished": _now()}))
        return runs.load_run(root, record.id)


def _guarded(config: Config, options: Options, listen: Listener, record: RunRecord, held: lock.Lock) -> RunRecord:
    """Run, and turn whatever ends the run into its record.

    Raises:
        MillraceError: nothing was started.
    """
    root, log = config.root_path, _log(config.root_path, record)
    try:
        with _interruptible(), logs.quiet(log):
            return _run(config, options, listen, record, held)
    except KeyboardInterrupt:
        update = {"state": "interrupted", "error": "interrupted", "exit_code": int(ExitCode.INTERRUPTED)}
    except MillraceError:
        raise
    except Exception as error:
        from pipeline.runners import failures

        shown = failures.of_exception(error, root)
        with contextlib.suppress(OSError), open(log, "a", encoding="utf-8") as file:
            traceback.print_exception(error, file=file)
        update = {"state": "failed", "error": f"{shown}. Log: {log}", "exit_code": int(shown.exit_code)}
    return runs.load_run(root, record.id).model_copy(update=update)


def _run(config: Config, options: Options, listen: Listener, record: RunRecord, held: lock.Lock) -> RunRecord:
    with logs.stderr_to(_log(config.root_path, record)):
        from pipeline.runners import backfill, walk
    with walk.engine(config.root_path, options.in_process, listen, (held.fd,)) as engine:
        main = walk.Walk(engine, config, record, options.force)
        for part in backfill.parts(config, record):
            ended = _run_part(walk.Walk(engine, part.config, part.record, ()), config.root_path)
            if ended.error:
                failed = {"state": "failed", "error": ended.error, "exit_code": ended.exit_code}
                return main.record.model_copy(update=failed)
        return _ended(main())


def _run_part(part: Walk, root: str) -> RunRecord:
    """Run an earlier span. Where all of it was cached, no record stays."""
    try:
        record = _ended(part())
    except KeyboardInterrupt:
        runs.save(root, part.record.model_copy(update={"state": "interrupted", "finished": _now()}))
        raise
    runs.save(root, record)
    if all(node.state in ("cached", "kept", "skipped") for node in record.nodes) and record.attempt == 1:
        shutil.rmtree(runs.run_folder(root, record.id))
    return record


def _take_back(root: str, record: RunRecord, before: RunRecord | None) -> None:
    """Nothing was started: leave the records as they were."""
    if before:
        runs.save(root, before)
    else:
        shutil.rmtree(runs.run_folder(root, record.id))


def _ended(record: RunRecord) -> RunRecord:
    update: dict[str, object] = {"state": "failed" if record.error else "complete", "finished": _now()}
    if not record.error and record.blessed is False:
        update["exit_code"] = int(ExitCode.GATE)
    return record.model_copy(update=update)


def _new(config: Config, options: Options, root: str) -> RunRecord:
    started = _now()
    run_id = stem = f"{config.name}-{started:%Y%m%d-%H%M%S}"
    count = 1
    while os.path.exists(runs.run_folder(root, run_id)):
        count += 1
        run_id = f"{stem}-{count}"
    with _disk(root):
        os.makedirs(runs.log_folder(root, run_id))
    return RunRecord(
        id=run_id,
        pipeline=config.name,
        started=started,
        config_json=config.model_dump_json(by_alias=True),
        process=runs.process_id(os.getpid()),
        first=options.first,
        last=options.last,
    )


def _to_resume(config: Config, options: Options, root: str) -> RunRecord:
    """The record of the run to go on with, as it was left.

    Raises:
        InputError: there is none, or it is complete.
    """
    if isinstance(options.resume, str):
        record = runs.load_run(root, options.resume)
    else:
        mine = [r for r in runs.list_runs(root) if r.pipeline == config.name and not r.parent]
        if not mine:
            raise InputError(f"--resume: {root} has no run of {config.name} yet. Start one without --resume")
        record = mine[-1]
    if record.pipeline != config.name:
        raise InputError(f"--resume {record.id}: it is a run of {record.pipeline}, not of {config.name}")
    if record.state == "complete":
        raise InputError(f"--resume: run {record.id} is complete, there is nothing to go on with")
    return record


def _next_attempt(config: Config, options: Options, before: RunRecord) -> RunRecord:
    return before.model_copy(
        update={
            "state": "running",
            "finished": None,
            "error": "",
            "exit_code": 0,
            "attempt": before.attempt + 1,
            "config_json": config.model_dump_json(by_alias=True),
            "process": runs.process_id(os.getpid()),
            "first": options.first or before.first,
            "last": options.last or before.last,
        }
    )


def _log(root: str, record: RunRecord) -> str:
    return os.path.join(runs.log_folder(root, record.id), "runner.log")


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


@contextlib.contextmanager
def _disk(root: str) -> Iterator[None]:
    """Errors of the disk under `root`, for the user."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{error.filename or root}: cannot write there: {error.strerror}") from error


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does. A second signal does not wait for what the first one tidies up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
