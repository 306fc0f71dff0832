"""What each part of a process takes: of stock TFX each node, of the hand-written script each step."""

from __future__ import annotations

import contextlib
import json
import pathlib
import re
import resource
import time
from collections.abc import Iterator

FILE = "laps.json"


class Laps:
    """Parts by name: seconds by the clock, seconds of processor time, the most memory in MB."""

    def __init__(self) -> None:
        self.taken: dict[str, dict[str, float]] = {}

    @contextlib.contextmanager
    def lap(self, name: str) -> Iterator[None]:
        """Measures what is done within. Its memory is the whole process': what is left of earlier parts counts."""
        pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew, see proc(5)
        start, processor = time.monotonic(), _processor_seconds()
        yield
        self.taken[name] = {
            "seconds": time.monotonic() - start,
            "processor": _processor_seconds() - processor,
            "megabytes": _peak_kilobytes() / 1024,
        }

    def write(self, folder: str) -> None:
        """FOLDER/laps.json."""
        pathlib.Path(folder, FILE).write_text(json.dumps(self.taken, indent=2))


def _processor_seconds() -> float:
    """User and system, of this process and of those it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _peak_kilobytes() -> int:
    found = re.search(r"^VmHWM:\s+(\d+) kB", pathlib.Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1])
