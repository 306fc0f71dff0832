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

from pipeline.flink.rest import Flink, Unreachable, runs

DONE = b"done\n"
"""What a client writes that needs nobody to end its jobs."""
_EVERY = 2.0
_PATIENCE = 60.0
"""To cancel jobs, also those that Flink takes in just now."""
_LATE = 5.0
"""A job that was under way to Flink when its client was killed begins within so many seconds."""


def end_jobs(flink: Flink, name: str, late: float = 0.0) -> int:
    """Cancel the jobs of that name, and wait until they are gone. Returns how many there were.

    Args:
        late: how long to look for further ones.

    Raises:
        Unreachable: Flink does not answer any more.
    """
    begin = time.monotonic()
    ended: set[str] = set()
    while True:
        running = [job["jid"] for job in flink.jobs([name]) if runs(job)]
        now = time.monotonic() - begin
        if now >= _PATIENCE or (not running and now >= late):
            return len(ended)
        for job in running:
            flink.cancel(job)
            ended.add(job)
        time.sleep(0.5)


def _watch(flink: Flink, name: str) -> bool:
    """Print progress until the client is gone. Returns whether it was done."""
    heard = b""
    while True:
        readable, _, _ = select.select([0], [], [], _EVERY)
        if readable:
            more = os.read(0, 100)
            heard += more
            if not more:
                return heard == DONE
            continue
        with contextlib.suppress(Unreachable, OSError, IndexError):
            job = flink.jobs([name])[-1]
            tasks = job["tasks"]
            progress = {"Flink": job["state"].lower(), "task": tasks["finished"], "tasks": tasks["total"]}
            print(json.dumps(progress), flush=True)


def main() -> None:
    """Watch over one client."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--master", required=True)
    parser.add_argument("--job", required=True, help="the name of the client's jobs")
    parser.add_argument("--group", type=int, help="a process group to kill with the client")
    parser.add_argument("--copies", default="", help="a folder to remove with the jobs")
    args = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    flink = Flink(args.master)
    if _watch(flink, args.job):
        return
    if args.group:
        # Without its client, its job server would stay.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(args.group, signal.SIGKILL)
    with contextlib.suppress(Unreachable):
        end_jobs(flink, args.job, _LATE)
    shutil.rmtree(args.copies, ignore_errors=True)


if __name__ == "__main__":
    main()
