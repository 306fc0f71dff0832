"""A process beside a client of Flink: it tells how far the client's jobs are, and ends them when the client is gone.

Flink goes on with a job whose client was killed. This process has a session of its own, so that neither Ctrl-C nor
the end of the client's processes reaches it; it knows that its client is gone when its standard input ends.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import select
import shutil
import signal
import time

import psutil

from pipeline.flink.rest import JobManager, Unreachable, runs

DONE = b"done\n"
"""What a client writes that needs nobody to end its jobs."""
CANCEL = b"cancel\n"
"""What a client writes that could not end them, and will look after its processes itself."""
_EVERY = 2.0
_PATIENCE = 60.0
"""To cancel jobs, also those that Flink takes in just now."""
LATE = 10.0
"""Seconds in which a job server makes a job of what it was sent; a pod that is ended has 30 in all."""


def end_jobs(flink: JobManager, prefix: str, late: float = 0.0, patience: float = _PATIENCE) -> bool:
    """Cancel the jobs whose names begin so, and wait until they are gone.

    Args:
        late: seconds in which to look for further ones.
        patience: seconds in which they have to end, and Flink to answer.

    Returns:
        Whether they are gone.
    """
    begin = time.monotonic()
    while True:
        gone = _cancelled(flink, prefix)
        now = time.monotonic() - begin
        if gone and now >= late:
            return True
        if now >= patience:
            return False
        time.sleep(0.5)


def _cancelled(flink: JobManager, prefix: str) -> bool:
    """Whether no job is left to cancel; where Flink does not answer that is not known."""
    try:
        running = [job["jid"] for job in flink.jobs() if job["name"].startswith(prefix) and runs(job)]
        for job in running:
            flink.cancel(job)
    except (Unreachable, OSError):
        return False
    return not running


class _Client:
    """The process to watch over, and those that it has started."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._started: dict[int, psutil.Process] = {}

    def look(self) -> None:
        """Remember what runs: with the client gone, nobody can tell what was its."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self._started.update((each.pid, each) for each in psutil.Process(self._pid).children(recursive=True))

    def kill(self) -> None:
        """End what the client has left, such as its job server."""
        for process in self._started.values():
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.pid != os.getpid():
                    process.kill()


def _watch(flink: JobManager, name: str, client: _Client) -> bytes:
    """Print progress until the client is gone. Returns its last word, if it had one."""
    heard = b""
    while True:
        client.look()
        readable, _, _ = select.select([0], [], [], _EVERY)
        if readable:
            more = os.read(0, 100)
            heard += more
            if not more:
                return heard
            continue
        with contextlib.suppress(Unreachable, OSError, IndexError):
            job = [job for job in flink.jobs() if job["name"] == name][-1]
            tasks = job["tasks"]
            progress = {"Flink": job["state"].lower(), "task": tasks["finished"], "tasks": tasks["total"]}
            why = {"reason": flink.failure(job["jid"])} if job["state"] == "RESTARTING" else {}
            print(json.dumps({**progress, **why}), flush=True)


def main() -> None:
    """Watch over one client."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--master", required=True)
    parser.add_argument("--job", required=True, help="the name of the client's jobs")
    parser.add_argument("--client", type=int, required=True, help="the client's process id")
    parser.add_argument("--copies", default="", help="a folder to remove with the jobs")
    args = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    flink, client = JobManager(args.master), _Client(args.client)
    word = _watch(flink, args.job, client)
    if word == DONE:
        return
    if word != CANCEL:
        client.kill()
    if end_jobs(flink, args.job, LATE):
        shutil.rmtree(args.copies, ignore_errors=True)
