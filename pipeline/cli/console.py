"""Where output goes: rich on a terminal, plain whole lines elsewhere; libraries' noise into a log file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, TextIO

from rich.console import Console
from rich.table import Table

_WIDE = 100_000
"""No line is folded where nobody looks at it in a window: logs and pipes get whole paths."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to `main`: rich would end with 1, which is a gate's exit code here."""
        self.quiet = True
        raise BrokenPipeError


def console(file: TextIO | None = None) -> Console:
    """A console on `file` (standard output by default)."""
    file = file or sys.stdout
    return _Console(file=file, highlight=False, markup=False, emoji=False, width=None if file.isatty() else _WIDE)


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table with these columns, those in `right` right-aligned. Cells are folded, never cut."""
    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        grid.add_column(column, overflow="fold", justify="right" if column in right else "left")
    return grid


def duration(seconds: float) -> str:
    """Seconds as people write them: `4.2s`, `3m 05s`, `2h 07m`."""
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m {rest:02d}s" if minutes < 60 else f"{minutes // 60}h {minutes % 60:02d}m"


class Output:
    """The process' standard output, and a log for everything else that writes to it."""

    def __init__(self, stream: TextIO, log: BinaryIO | None) -> None:
        self.stream = stream
        self._log = log

    def log_to(self, path: str) -> None:
        """Continue the log in `path`; what was written before the first call goes to its top."""
        if self._log is None:
            return
        _flush()
        with open(path, "ab") as target:
            self._log.seek(0)
            target.write(self._log.read())
            target.flush()
            self._log.truncate(0)
            _redirect(target.fileno(), target.fileno())


@contextmanager
def noisy() -> Iterator[Output]:
    """The counterpart of `quiet` for a debugger: everything stays on the terminal."""
    yield Output(sys.stdout, None)


@contextmanager
def quiet() -> Iterator[Output]:
    """Send what this process writes to file descriptors 1 and 2 to a log, C++ libraries' output included."""
    _flush()
    saved = os.dup(1), os.dup(2)
    try:
        with (
            # In memory: there may be no room on any disk, and that must be told.
            os.fdopen(os.memfd_create("millrace"), "w+b") as log,
            os.fdopen(os.dup(1), "w", encoding=sys.stdout.encoding, errors="replace", buffering=1) as stream,
        ):
            _redirect(log.fileno(), log.fileno())
            yield Output(stream, log)
    finally:
        _flush()
        _redirect(*saved)
        for descriptor in saved:
            os.close(descriptor)


def _redirect(out: int, err: int) -> None:
    os.dup2(out, 1)
    os.dup2(err, 2)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
