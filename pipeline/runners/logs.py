"""Where logging and the noise of libraries go: to files, never to the terminal."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import threading
from collections.abc import Iterator

FORMAT = "%(asctime)s %(levelname).1s %(name)s %(message)s"


class _File(logging.FileHandler):
    """A log file. A line that finds no room on the disk is lost: what the node or run comes to says that it is full."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.setFormatter(logging.Formatter(FORMAT))

    def handleError(self, record: logging.LogRecord) -> None:
        """Print nothing for the disk's errors: the traceback would go to the terminal."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


@contextlib.contextmanager
def quiet(path: str) -> Iterator[None]:
    """All logging of this process goes to `path` alone."""
    handlers, level = logging.root.handlers[:], logging.root.level
    handler = _File(path)
    logging.root.handlers[:] = [handler]
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
        handler.close()


@contextlib.contextmanager
def of_thread(path: str) -> Iterator[None]:
    """What this thread logs goes to `path` as well."""
    thread = threading.get_ident()
    handler = _File(path)
    handler.addFilter(lambda entry: entry.thread == thread)
    logging.root.addHandler(handler)
    try:
        yield
    finally:
        logging.root.removeHandler(handler)
        handler.close()


@contextlib.contextmanager
def stderr_to(path: str) -> Iterator[None]:
    """What C++ libraries print, on the file descriptor itself, goes to `path`."""
    terminal = os.dup(2)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        os.dup2(file, 2)
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        os.close(file)


def print_to(path: str) -> None:
    """Send all that this process prints, C++ included, to the end of `path`."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.dup2(fd, 1)
    os.dup2(fd, 2)
    os.close(fd)
    # Not those that were there: they may belong to a progress display, or to a test.
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.FileIO(fd, "w", closefd=False), "utf-8", "backslashreplace", write_through=True)
        for fd in (1, 2)
    )
