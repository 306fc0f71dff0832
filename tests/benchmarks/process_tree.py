"""What a command takes: time by the clock, time of processors, and memory, of its process and all below it."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

import psutil

CHECKOUT = pathlib.Path(__file__).parents[2]
SECONDS_BETWEEN_SAMPLES = 0.5
SHARE_OF_A_CORE = 0.05
"""The most that the watching of memory may take from what it watches: adding up a process' pages takes tens of ms."""
LOG_END = 3000
"""Characters of the log of a failed command that are shown."""


class Usage(NamedTuple):
    """What was taken.

    Attributes:
        seconds: by the clock.
        processor: seconds, user and system, of the process and all that it and its children waited for.
        megabytes: the most memory of the tree at one time.
    """

    seconds: float
    processor: float
    megabytes: float


def measured(command: Sequence[str], out: str) -> Usage:
    """Runs a command in the checkout, its output in OUT/log.txt.

    Raises:
        SystemExit: it failed; with the end of its log.
    """
    os.makedirs(out, exist_ok=True)
    log = pathlib.Path(out, "log.txt")
    start = time.monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=CHECKOUT, stdout=output, stderr=subprocess.STDOUT)
        peak = _Peak(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        peak.stop()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{log.read_text()[-LOG_END:]}")
    return Usage(seconds, used.ru_utime + used.ru_stime, peak.kilobytes / 1024)


class _Peak(threading.Thread):
    """Watches the memory of a process and all below it."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.kilobytes = 0
        self._root = psutil.Process(pid)
        self._done = threading.Event()
        self.start()

    def run(self) -> None:
        took = 0.0
        while not self._done.wait(max(SECONDS_BETWEEN_SAMPLES, took / SHARE_OF_A_CORE)):
            start = time.thread_time()
            self.kilobytes = max(self.kilobytes, self._sample())
            took = time.thread_time() - start

    def stop(self) -> None:
        self._done.set()
        self.join()

    def _sample(self) -> int:
        """Kilobytes now: what processes share after a fork counts once, and so do the libraries that all have mapped.

        Libraries do not count by their proportional size, which falls with each other process that has them mapped.
        """
        try:
            pids = [self._root.pid, *(child.pid for child in self._root.children(recursive=True))]
        except psutil.NoSuchProcess:
            return 0
        found = [pages for pid in pids if (pages := _pages(pid))]
        own = sum(pages["Pss_Anon"] + pages["Pss_Shmem"] for pages in found)
        return own + max((pages["Rss"] - pages["Anonymous"] for pages in found), default=0)


def _pages(pid: int) -> dict[str, int]:
    """Kilobytes by the names of proc(5); none of a process that has ended meanwhile."""
    try:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return {}
    return {name: int(number) for name, number in re.findall(r"^(\w+): +(\d+) kB", text, re.MULTILINE)}
