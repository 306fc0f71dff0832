"""Python as a command."""

from __future__ import annotations

import sys


def running(code: str) -> list[str]:
    """The command of a Python that runs `code` with this one's path, as a forked process has it.

    Python itself would put the working directory first, where a project's types.py hides the standard library's.
    """
    return [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"]
