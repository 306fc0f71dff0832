"""The process of a call, and what both its ends do: it is asked by a connection, and dies with the one that asks."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import signal
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from pipeline.runners.server import Answer, ChildDied, Usage

_PR_SET_PDEATHSIG = 1


def messages(connection: Connection) -> Iterator[tuple[str, Any]]:
    """What the other end sends until it is closed."""
    with contextlib.suppress(EOFError, ConnectionResetError):
        while True:
            yield connection.recv()


def answer(outcome: tuple[str, Any] | None, status: int, usage: Usage) -> Answer:
    """What a call returns, or raises.

    Args:
        outcome: ("returned" or "raised", value); None where the child ended without one.
        status: as `os.wait` tells it.
    """
    if outcome is None:
        killed = os.WIFSIGNALED(status)
        raise ChildDied(os.WTERMSIG(status) if killed else None, None if killed else os.WEXITSTATUS(status))
    kind, value = outcome
    if kind == "raised":
        raise value
    return Answer(value, usage)


def die_with(parent: int, how: int = signal.SIGKILL) -> None:
    """Let the kernel send this process `how` (0 is nothing) when its parent is gone, which it may be already."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:
        os._exit(1)


def kill_group(pid: int) -> None:
    """Kill a process and those that it has started, unless all are gone."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def run_child(connection: Connection) -> NoReturn:
    """Be the child of a call: read what is asked for, answer, and end."""
    sending = threading.Lock()

    def send(kind: str, value: Any) -> None:
        data = pickle.dumps((kind, value))
        with sending:
            connection.send_bytes(data)

    send("pid", os.getpid())
    try:
        function, args = pickle.loads(connection.recv_bytes())
        send("returned", function(lambda value: send("sent", value), *args))
    except Exception as error:
        send("raised", error)
    os._exit(0)
