"""A step's jobs on Flink, from the checks before the first to the end of the last, however it comes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import IO

from components import progress
from pipeline.beam import Pipelines
from pipeline.flink import code, guard, ready
from pipeline.flink.rest import Flink, Unreachable


@contextlib.contextmanager
def running(pipelines: Pipelines) -> Iterator[None]:
    """Within, Beam's pipelines of one step may run; where they run on no Flink, this does nothing.

    Raises:
        InputError: they cannot.
    """
    if pipelines.flink is None:
        yield
        return
    ready.check(pipelines.flink, pipelines)
    end(pipelines)  # what an earlier try at this step left, whose pod is gone
    with _watched(pipelines.flink.master, pipelines), _staged(pipelines):
        yield


@contextlib.contextmanager
def _watched(master: str, pipelines: Pipelines) -> Iterator[None]:
    """A guard tells how far the jobs are, and ends them when this process is gone."""
    command = [sys.executable, "-m", guard.__name__, "--master", master, "--job", pipelines.name]
    command += ["--copies", pipelines.copies]
    if os.getsid(0) == os.getpid():
        command += ["--group", str(os.getpid())]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, env=_environment()
    ) as process:
        assert process.stdin
        assert process.stdout
        listening = threading.Thread(target=_listen, args=(process.stdout,), daemon=True)
        listening.start()
        try:
            yield
        except BaseException:
            end(pipelines)
            raise
        finally:
            with contextlib.suppress(BrokenPipeError):  # somebody has ended it
                process.stdin.write(guard.DONE)
                process.stdin.close()
            listening.join()


def _staged(pipelines: Pipelines) -> contextlib.AbstractContextManager[None]:
    return code.staged(pipelines.code, pipelines.copies) if pipelines.copies else contextlib.nullcontext()


def end(pipelines: Pipelines) -> None:
    """Cancel the jobs of a step that is over; where its process was killed, its guard may not live long enough."""
    if pipelines.flink:
        with contextlib.suppress(Unreachable, OSError):
            guard.end_jobs(Flink(pipelines.flink.master), pipelines.name)
        shutil.rmtree(pipelines.copies, ignore_errors=True)


def _environment() -> dict[str, str]:
    """With this process's path, which need not be that of a new Python."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _listen(lines: IO[bytes]) -> None:
    for line in lines:
        progress.report(**json.loads(line))
