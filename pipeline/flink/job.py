"""A step's jobs on Flink, from the checks before the first to the end of the last, however it comes."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from typing import IO

from components import progress
from components.errors import InputError, UnavailableError
from pipeline import interpreter
from pipeline.beam import Pipelines
from pipeline.flink import code, guard, ready
from pipeline.flink.rest import JobManager

_LOG = logging.getLogger(__name__)
_PATIENCE = 15.0
"""Seconds to cancel the jobs of a step that has failed or was interrupted, for which somebody waits."""


@contextlib.contextmanager
def running(pipelines: Pipelines) -> Iterator[None]:
    """Within, Beam's pipelines of one step may run; where they run on no Flink, this does nothing.

    Raises:
        InputError: they cannot.
        UnavailableError: they cannot now.
    """
    if pipelines.flink is None:
        yield
        return
    ready.check(pipelines.flink, pipelines)
    _end_earlier(pipelines.flink.master, pipelines.step)
    with _staged(pipelines), _watched(pipelines.flink.master, pipelines), _own_server():
        yield


def end(pipelines: Pipelines) -> None:
    """Cancel the jobs of a step whose process is gone, or about to go: its guard may not live long enough."""
    if pipelines.flink:
        _cancel(pipelines)
        shutil.rmtree(pipelines.copies, ignore_errors=True)


def _end_earlier(master: str, step: str) -> None:
    """Of a try whose machine was lost nobody else ends the jobs."""
    flink = JobManager(master)
    if not guard.end_jobs(flink, step):
        raise UnavailableError(
            f"jobs of an earlier try at this step do not end. Cancel them at {flink.url}; their names begin with {step}"
        )


def _cancel(pipelines: Pipelines) -> bool:
    """Whether the jobs of a try are gone."""
    assert pipelines.flink
    flink = JobManager(pipelines.flink.master)
    # A job server that others have started goes on with what it was sent.
    late = guard.LATE if pipelines.flink.job_server else 0.0
    gone = guard.end_jobs(flink, pipelines.name, late, late + _PATIENCE)
    if not gone:
        _LOG.warning("job %s may go on: it is not cancelled yet. See %s", pipelines.name, flink.url)
    return gone


@contextlib.contextmanager
def _own_server() -> Iterator[None]:
    """Where no jar is named, Beam fetches one from Maven Central, which may not answer, or have none of a version."""
    try:
        yield
    except RuntimeError as error:
        if "remote job server jar" not in str(error):
            raise
        raise InputError(f"beam.flink.jar: {error}. Name a jar: `millrace flink up` makes one and says where") from None


def _staged(pipelines: Pipelines) -> contextlib.AbstractContextManager[None]:
    if not pipelines.copies:
        return contextlib.nullcontext()
    return code.staged(pipelines.code, pipelines.project, pipelines.copies)


@contextlib.contextmanager
def _watched(master: str, pipelines: Pipelines) -> Iterator[None]:
    """A guard tells how far the jobs are, and ends them when this process is gone."""
    words = ["--master", master, "--job", pipelines.name, "--copies", pipelines.copies, "--client", str(os.getpid())]
    with subprocess.Popen(
        [*interpreter.running(f"from {guard.__name__} import main; main()"), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        done, word = threading.Event(), guard.DONE
        listening = threading.Thread(target=_listen, args=(process.stdout, done), daemon=True)
        listening.start()
        try:
            yield
        except BaseException:
            if not _cancel(pipelines):
                word = guard.CANCEL
            raise
        finally:
            done.set()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(word)
                process.stdin.close()
            listening.join()


def _listen(lines: IO[bytes], done: threading.Event) -> None:
    for line in lines:
        progress.report(**json.loads(line))
    if not done.is_set():
        _LOG.warning("nobody ends this step's jobs any more if it is killed: the process that would has ended")
