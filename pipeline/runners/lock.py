"""One run at a time on a root: SQLite knows no waiting that deserves the name, the kernel's file lock does."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator

from components.errors import InputError
from pipeline.layout import Layout


class Lock:
    """The held lock of a root. The kernel frees it with the process that holds it."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def sign(self, run_id: str) -> None:
        """Say which run holds it, for those who wait."""
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, f"run {run_id} (pid {os.getpid()})".encode(), 0)


@contextlib.contextmanager
def hold(root: str, wait: bool, tell: Callable[[str], None]) -> Iterator[Lock]:
    """Hold the lock of `root`, after waiting for it where needed.

    Raises:
        InputError: somebody else holds it and `wait` is False, or `root` cannot be written to.
    """
    fd = _open(root)
    try:
        _acquire(fd, root, wait, tell)
        yield Lock(fd)
    finally:
        os.close(fd)


def _open(root: str) -> int:
    try:
        os.makedirs(root, exist_ok=True)
        return os.open(Layout(root).lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        hint = "Name a writable folder with --root or the config's field root"
        raise InputError(f"{root}: cannot write there ({error.strerror}). {hint}") from error


def _acquire(fd: int, root: str, wait: bool, tell: Callable[[str], None]) -> None:
    with contextlib.suppress(BlockingIOError):
        return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    holder = os.pread(fd, 1000, 0).decode(errors="replace") or "another run"
    if not wait:
        raise InputError(f"{root} is in use by {holder}. Wait until it has ended, or take another --root")
    tell(f"Waiting: {root} is in use by {holder}")
    fcntl.flock(fd, fcntl.LOCK_EX)
