"""From whatever left an executor to one error with a message for the user."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
from collections.abc import Iterator

from components import errors
from components.errors import CrashError, InputError, MillraceError
from pipeline.runners import unreachable
from pipeline.runners.server import ChildDied

# SQLite undoes a transaction when the disk is full; all that MLMD tells then is that there is nothing to commit.
_DISK_FULL = (os.strerror(errno.ENOSPC), "database or disk is full", "cannot commit - no transaction is active")
RESUME = "go on with --resume"
_IN_TEXT = re.compile(r"components\.errors\.(\w+): ")
_TEXT_END = re.compile(r" \[while running '|\n\n(?:During handling|The above exception)")


def of_exception(error: BaseException, folder: str, then: str = RESUME) -> MillraceError:
    """The error for the user behind `error`, of what writes below `folder`; `then` is as of `disk_full`."""
    for link in _chain(error):
        if isinstance(link, MillraceError):
            return link
        if any(sign in str(link) for sign in _DISK_FULL):
            return disk_full(folder, then)
        if unreachable.is_of_store(link):
            return CrashError(unreachable.told(folder, link))
        if isinstance(link, OSError) and link.errno == errno.EROFS:
            return InputError(f"{link.filename or folder}: read-only file system")
        found = _in_text(str(link))
        if found:
            return found
    return CrashError(f"{type(error).__name__}: {_one_line(str(error))}")


def of_dead_child(died: ChildDied) -> CrashError:
    """The error for the user when an executor's process is gone."""
    if died.signal is None:
        return CrashError(f"its process exited with status {died.status}")
    name = signal.Signals(died.signal).name
    hint = ", as the kernel does when memory runs out" if died.signal == signal.SIGKILL else ""
    return CrashError(f"its process was killed by signal {died.signal} ({name}){hint}")


def disk_full(folder: str, then: str = RESUME) -> InputError:
    """The error for a full disk, naming it, and what to do once there is room."""
    while not os.path.exists(folder):
        folder = os.path.dirname(folder) or "/"
    free = shutil.disk_usage(folder).free
    return InputError(f"{folder}: no space left on its disk ({free:,} bytes free). Make room, then {then}")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _in_text(text: str) -> MillraceError | None:
    """The last of our errors in a traceback's text: Beam passes on what a DoFn raised as text only."""
    matches = list(_IN_TEXT.finditer(text))
    for match in reversed(matches):
        kind = getattr(errors, match[1], None)
        if isinstance(kind, type) and issubclass(kind, MillraceError):
            return kind(_TEXT_END.split(text[match.end() :])[0].strip())
    return None


def _one_line(text: str) -> str:
    """The first line, or of a traceback (as Beam passes it on) the last."""
    lines = [line.strip() for line in text.split(" [while running '")[0].splitlines() if line.strip()] or ["no message"]
    return lines[-1] if "Traceback (most recent call last)" in text else lines[0]
