"""Processes that start from nothing: for one that imports little itself, and may never need another."""

from __future__ import annotations

import os
import pickle
import resource
import socket
import subprocess
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import IO, Any

from pipeline import interpreter
from pipeline.runners.child import answer, die_with, kill_group, messages, run_child
from pipeline.runners.server import Answer, Send, Usage


class Spawner:
    """Starts a Python process for each call. It is killed with this one."""

    def __init__(self, output: IO[bytes] | None = None) -> None:
        """Args:
        output: where the processes print; None is where this one does.
        """
        self._output = output

    def call(self, function: Callable[..., Any], *args: Any, receive: Send) -> Answer:
        """`function(send, *args)` in a process of its own; what it sends meanwhile goes to `receive`.

        Raises:
            ChildDied: the process was killed, or exited.
            Exception: what `function` raised.
        """
        ours, theirs = socket.socketpair()
        process = subprocess.Popen(
            interpreter.running(f"from {__name__} import main; main({theirs.fileno()}, {os.getpid()})"),
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            stdout=self._output,
            stderr=self._output,
        )
        theirs.close()
        try:
            with Connection(ours.detach()) as connection:
                connection.send_bytes(pickle.dumps((_measured, (function, args))))
                outcome = _await_outcome(connection, receive)
        except BaseException:
            kill_group(process.pid)
            raise
        finally:
            _, status = os.waitpid(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            kill_group(process.pid)  # processes that it started and left behind hold its output open
        value, usage = answer(outcome, status, Usage(0, 0.0)).value
        return Answer(value, usage)

    def close(self) -> None:
        """Nothing runs between two calls."""


def _await_outcome(connection: Connection, receive: Send) -> tuple[str, Any] | None:
    """What the process answers; None where it ends without."""
    for kind, value in messages(connection):
        if kind == "sent":
            receive(value)
        elif kind != "pid":
            return kind, value
    return None


def _measured(send: Send, function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, Usage]:
    """What `function` returns, and what this process and those that it started took.

    What `wait` tells would count in the starting process, which this one was before it became Python anew.
    """
    value = function(send, *args)
    with open("/proc/self/status", encoding="utf-8") as file:
        [own] = [int(line.split()[1]) for line in file if line.startswith("VmHWM:")]
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    peak = 1024 * max(own, used[1].ru_maxrss)
    return value, Usage(peak, sum(each.ru_utime + each.ru_stime for each in used))


def main(connection: int, parent: int) -> None:
    """Be the process of a call: `connection` is a file descriptor, `parent` the id of the process that asks."""
    die_with(parent)
    run_child(Connection(connection))
