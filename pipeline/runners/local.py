"""Runs a pipeline on this machine. Nothing heavy is imported until it is certain that there is something to do."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import shutil
import traceback
from collections.abc import Iterator, Sequence
from typing import Union

from components.errors import ExitCode, InputError, MillraceError
from pipeline import runs
from pipeline.config import Config
from pipeline.layout import Layout
from pipeline.runners import attempts, lock, logs
from pipeline.runners import engine as engines
from pipeline.runners.events import After, Listener, Message
from pipeline.runners.signals import interruptible
from pipeline.runs import RunRecord


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


def nothing(config: Config, record: RunRecord) -> Sequence[str]:
    """What a run is followed by where nobody wants to know of it."""
    return ()


def run(config: Config, options: Options, listen: Listener, after: After = nothing) -> RunRecord:
    """Run `config`, or go on with an earlier run of it. The record's exit_code says how it ended.

    Args:
        after: called when the run has ended, while the root is still locked; returns what went wrong in it.

    Raises:
        InputError: nothing was started: the root can't be written, is in use, or there is nothing to resume.
    """
    root = config.root_path
    with lock.hold(root, options.wait, lambda text: listen(Message(text))) as held:
        before = attempts.to_resume(config, root, options.resume) if options.resume else None
        with _disk(root):
            me = runs.process_id(os.getpid())
            record = attempts.after(before, config, me) if before else attempts.first(config, root)
        partly = {"first": options.first or record.first, "last": options.last or record.last}
        record = record.model_copy(update=partly)
        try:
            with _disk(root):
                held.sign(record.id)
                for dead in runs.list_runs(root):
                    if dead.state == "killed":
                        runs.save(root, dead)
                runs.save(root, record)
            record = _guarded(config, options, listen, record, held)
        except MillraceError:
            _take_back(root, record, before)
            raise
        with _disk(root):
            runs.save(root, record.model_copy(update={"finished": attempts.now()}))
            for problem in after(config, record):
                listen(Message(problem))
        return runs.load_run(root, record.id)


def _guarded(config: Config, options: Options, listen: Listener, record: RunRecord, held: lock.Lock) -> RunRecord:
    """Run, and turn whatever ends the run into its record.

    Raises:
        MillraceError: nothing was started.
    """
    root, log = config.root_path, _log(config.root_path, record)
    try:
        with interruptible(), logs.quiet(log):
            return _run(config, options, listen, record, held)
    except KeyboardInterrupt:
        update = {
            "state": "interrupted",
            "error": "interrupted. --resume goes on with this run",
            "exit_code": int(ExitCode.INTERRUPTED),
        }
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
    log = _log(config.root_path, record)
    with engines.opened(config, listen, options.in_process, log, (held.fd,)) as engine:
        from pipeline.runners import backfill, walk

        walk.bury(engine, record.id)
        main = walk.Walk(engine, config, record, options.force)
        failed = backfill.ingest(engine, config, main.plan, record)
        return main.record.model_copy(update=failed) if failed else attempts.ended(main())


def _take_back(root: str, record: RunRecord, before: RunRecord | None) -> None:
    """Nothing was started: leave the records as they were."""
    with contextlib.suppress(OSError):  # on a full disk; the error that led here says so
        if before:
            runs.save(root, before)
        else:
            shutil.rmtree(Layout(root).run(record.id))


def _log(root: str, record: RunRecord) -> str:
    return Layout(root).runner_log(record.id)


@contextlib.contextmanager
def _disk(root: str) -> Iterator[None]:
    """Errors of the disk under `root`, for the user."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            from pipeline.runners import failures

            raise failures.disk_full(root, "run again") from error
        raise InputError(f"{error.filename or root}: cannot write there: {error.strerror}") from error
