"""`millrace` as a user calls it, but in a process that has imported TFX already.

The processes come from the fork server of `tests.pipeline.runners.drive`: what they read, write, fork and say is real.
"""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

import coverage

from pipeline.cli.main import main
from tests.pipeline.runners import drive


@dataclasses.dataclass(frozen=True)
class Answer:
    """How a command ended, and what it wrote to standard output and standard error."""

    code: int
    out: str
    err: str


def millrace(*arguments: object) -> Answer:
    """Run a command to its end, in a process of its own."""
    answer: Answer = in_child(here, *arguments)
    return answer


def in_child(function: Callable[..., Any], *arguments: Any) -> Any:
    """What `function(*arguments)` returns or raises in a process of its own."""
    covered = coverage.Coverage.current() is not None
    return _call(drive.context, 1800, covered, function, arguments)


def in_fork(function: Callable[..., Any], *arguments: Any) -> Any:
    """The same in a fork of this process, which must have done little but imports; coverage follows by itself."""
    return _call(multiprocessing.get_context("fork"), 300, False, function, arguments)


def _call(context: Any, seconds: float, covered: bool, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Run it in a process of `context`; one that takes longer than `seconds` hangs, and is killed."""
    results, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(theirs, covered, function, arguments))
    process.start()
    theirs.close()
    try:
        if not results.poll(seconds):
            process.kill()
            raise TimeoutError(f"{function.__name__} has not ended after {seconds} s")
        error, value = results.recv()
    finally:
        process.join()
    if error:
        raise error
    return value


def here(*arguments: object) -> Answer:
    """Run a command in this process; all that it writes to file descriptors 1 and 2 is caught.

    Not two runs in one process: a run forks, which is not safe after TensorFlow has started its threads.
    """
    with open(os.memfd_create("out"), "w+") as out, open(os.memfd_create("err"), "w+") as err:
        saved = os.dup(1), os.dup(2)
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        try:
            with _streams():
                code = main([str(argument) for argument in arguments])
        finally:
            os.dup2(saved[0], 1)
            os.dup2(saved[1], 2)
        out.seek(0)
        err.seek(0)
        return Answer(code, out.read(), err.read())


@contextlib.contextmanager
def _streams() -> Iterator[None]:
    """Python's own streams on the descriptors: pytest's are on files of its own."""
    sys.stdout.flush()
    sys.stderr.flush()
    with (
        os.fdopen(os.dup(1), "w", buffering=1) as out,
        os.fdopen(os.dup(2), "w", buffering=1) as err,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        yield


def _child(results: Connection, covered: bool, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    os.setpgid(0, 0)
    if covered:
        drive.cover()
    try:
        results.send((None, function(*arguments)))
    except BaseException as error:
        results.send((error, None))
    os._exit(0)  # tearing down what was imported takes longer than many commands
