"""Processes that are ready at once: forked from a nursery that has imported everything and runs nothing.

The nursery is forked from this process before it starts a thread: only then is a fork safe. It imports what its
children need when the first of them is asked for; this process need not. Each call gets a child of its own, in a
session of its own. Nobody is left behind: the nursery kills all groups when this process is gone, the kernel kills a
child whose nursery is gone, and this process kills the group of a call that it gives up.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import importlib
import os
import pickle
import select
import selectors
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from pipeline.runners import logs
from pipeline.runners.child import answer, die_with, kill_group, messages, run_child
from pipeline.runners.server import Answer, ChildDied, Send, Usage


class NurseryGone(Exception):
    """Nothing can be forked any more."""


class ForkServer:
    """Forks a nursery at once; `call` may be used from several threads."""

    def __init__(self, preload: Iterable[str] = (), log: str | None = None, close: Iterable[int] = ()) -> None:
        """Args:
        preload: modules that the nursery imports before its first child.
        log: the file that nursery and children print into; None is where this process prints.
        close: file descriptors that children must not inherit, such as a lock's.
        """
        self._socket, theirs = socket.socketpair()
        self._sending = threading.Lock()
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            self._socket.close()
            for fd in close:
                os.close(fd)
            _run_nursery(theirs, tuple(preload), log, parent)
        theirs.close()

    def call(self, function: Callable[..., Any], *args: Any, receive: Send) -> Answer:
        """`function(send, *args)` in a child; what it sends meanwhile goes to `receive`.

        Raises:
            ChildDied: the child was killed, or exited.
            NurseryGone: the nursery was.
            Exception: what `function` raised.
        """
        begun = time.monotonic()
        ours, theirs = socket.socketpair()
        with self._sending, theirs:
            try:
                socket.send_fds(self._socket, [b"f"], [theirs.fileno()])
            except BrokenPipeError:
                raise NurseryGone("the process that forks others is gone") from None
        with Connection(ours.detach()) as connection:
            # Until it is asked something, a child ends by itself when nobody is there to ask: this call may be given up
            # while the nursery imports, and nobody can kill what has not been forked.
            pid = _await_pid(connection)
            waited = time.monotonic() - begun
            connection.send_bytes(pickle.dumps((function, args)))
            return dataclasses.replace(_await_answer(connection, pid, receive), waited=waited)

    def close(self) -> None:
        """End the nursery, and whatever still runs in it."""
        if self._pid:
            self._socket.close()
            os.kill(self._pid, signal.SIGTERM)  # heeded only while it imports, when it does not look at its socket
            os.waitpid(self._pid, 0)
            self._pid = 0

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _await_pid(connection: Connection) -> int:
    for kind, value in messages(connection):
        if kind == "pid":
            return int(value)
    raise ChildDied(signal.SIGKILL, None)


def _await_answer(connection: Connection, pid: int, receive: Send) -> Answer:
    outcome = None
    try:
        for kind, value in messages(connection):
            if kind == "sent":
                receive(value)
            elif kind == "exit":
                status, usage = value
                return answer(outcome, status, usage)
            else:
                outcome = (kind, value)
    except BaseException:
        _give_up(connection, pid)
        raise
    _give_up(connection, pid)
    raise ChildDied(signal.SIGKILL, None)


def _give_up(connection: Connection, pid: int) -> None:
    """Kill a child, and wait until it is gone."""
    kill_group(pid)
    for kind, _ in messages(connection):
        if kind == "exit":
            return


def _run_nursery(requests: socket.socket, preload: tuple[str, ...], log: str | None, parent: int) -> NoReturn:
    """Fork a child per request until the other end is closed, then kill what is left."""
    try:
        os.setsid()  # Ctrl-C is for the parent, which ends its calls itself
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if log is not None:
            logs.print_to(log)
        if select.select([requests], [], []) and requests.recv(1, socket.MSG_PEEK):
            _import(preload, parent)
            _Nursery(requests).serve()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def _import(modules: Iterable[str], parent: int) -> None:
    """Import what children need. As there is none yet that would have to be killed, this process may just end."""
    die_with(parent)
    for module in modules:
        importlib.import_module(module)
    gc.freeze()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    die_with(parent, 0)


class _Nursery:
    """The loop: it starts no thread, and opens nothing but its children's sockets."""

    def __init__(self, requests: socket.socket) -> None:
        self.requests = requests
        self.children: dict[int, Connection] = {}
        self.wake, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        os.set_blocking(self.wake, False)
        self.wake_write = wake_write
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write)

    def serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self.requests, selectors.EVENT_READ)
            selector.register(self.wake, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self.requests:
                        request, fds, _, _ = socket.recv_fds(self.requests, 1, 1)
                        if not request:
                            return self.kill_all()
                        self.fork(fds[0], selector)
                    else:
                        self.reap()

    def fork(self, fd: int, selector: selectors.BaseSelector) -> None:
        os.set_inheritable(fd, False)
        nursery = os.getpid()
        pid = os.fork()
        if pid:
            self.children[pid] = Connection(fd)
            return
        try:
            die_with(nursery)
            os.setsid()
            self.forget(selector)
            run_child(Connection(fd))
        finally:
            os._exit(1)

    def forget(self, selector: selectors.BaseSelector) -> None:
        """Drop, in a fresh child, what belongs to the nursery."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        selector.close()
        self.requests.close()
        os.close(self.wake)
        os.close(self.wake_write)
        for connection in self.children.values():
            connection.close()

    def reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self.wake, 1000)
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status, used = os.wait4(-1, os.WNOHANG)
                if not pid:
                    return
                kill_group(pid)  # processes that the child started and left behind
                with contextlib.suppress(OSError), self.children.pop(pid) as connection:
                    usage = Usage(used.ru_maxrss * 1024, used.ru_utime + used.ru_stime)
                    connection.send(("exit", (status, usage)))

    def kill_all(self) -> None:
        for pid in self.children:
            kill_group(pid)
