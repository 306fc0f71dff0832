"""What ends with a client. With a real cluster: tests/acceptance/test_flink_cluster.py."""

from __future__ import annotations

import contextlib
import json
import pathlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import psutil
import pytest

from pipeline.flink import guard
from pipeline.flink.rest import JobManager
from tests.pipeline.flink import jobmanager

CLIENT = """
import os, subprocess, sys
server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"], stdout=subprocess.DEVNULL)
code = "from pipeline.flink.guard import main; main()"
words = ["--master", sys.argv[1], "--job", "mine-1", "--copies", sys.argv[2], "--client", str(os.getpid())]
guard = subprocess.Popen(
    [sys.executable, "-c", code, *words], stdin=subprocess.PIPE, stdout=1, start_new_session=True
)
print(server.pid, guard.pid, flush=True)
guard.stdin.write(sys.stdin.buffer.readline())
guard.stdin.close()
guard.wait()
"""
"""A client, with a process of its own that knows nothing of it."""


@contextlib.contextmanager
def client(
    master: str, copies: pathlib.Path
) -> Iterator[tuple[subprocess.Popen[bytes], psutil.Process, psutil.Process]]:
    """One that runs, with its process and its guard."""
    with subprocess.Popen(
        [sys.executable, "-c", CLIENT, master, str(copies)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        server, watching = map(psutil.Process, map(int, process.stdout.readline().split()))
        yield process, server, watching
        for each in (server, watching, process):
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()


def ended(process: psutil.Process) -> bool:
    """Whether it ends soon; of one whose parent is gone, it may be that nobody asks for its end."""
    until = time.monotonic() + 60
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture
def copies(tmp_path: pathlib.Path) -> pathlib.Path:
    folder = tmp_path / "copies"
    folder.mkdir()
    return folder


def test_with_a_client_that_is_gone_its_jobs_processes_and_copies_go(copies: pathlib.Path) -> None:
    with jobmanager.with_jobs(jobs={"mine-1": "RUNNING", "mine-2": "RUNNING"}, hiccups=1) as flink:
        with client(flink.address, copies) as (process, server, watching):
            assert b'"Flink": "running"' in process.stdout.readline()
            process.kill()
            assert ended(watching)
            assert ended(server)
        assert flink.jobs == {"mine-1": "CANCELED", "mine-2": "RUNNING"}
    assert not copies.exists()


def test_while_a_job_begins_again_it_is_told_why(copies: pathlib.Path) -> None:
    with (
        jobmanager.with_jobs(jobs={"mine-1": "RESTARTING"}, failure="TimeoutException: no heartbeat") as flink,
        client(flink.address, copies) as (process, _, _),
    ):
        told = json.loads(process.stdout.readline())
    assert told == {"Flink": "restarting", "task": 3, "tasks": 7, "reason": "TimeoutException: no heartbeat"}


def test_jobs_that_do_not_end_are_told_from_those_that_do() -> None:
    with jobmanager.with_jobs(jobs={"mine-1": "RUNNING", "mine-2": "FINISHED"}, stubborn=True) as flink:
        assert not guard.end_jobs(JobManager(flink.address), "mine-", patience=1)
        flink.stubborn = False
        assert guard.end_jobs(JobManager(flink.address), "mine-")
        assert flink.jobs == {"mine-1": "CANCELED", "mine-2": "FINISHED"}
    assert not guard.end_jobs(JobManager(flink.address), "mine-", patience=1)  # nobody answers any more


@pytest.mark.parametrize(("word", "state"), [(guard.DONE, "RUNNING"), (guard.CANCEL, "CANCELED")])
def test_a_client_that_has_a_last_word_keeps_its_processes(copies: pathlib.Path, word: bytes, state: str) -> None:
    """One that is done keeps its jobs and its copies, too; one that could not end them does not."""
    with (
        jobmanager.with_jobs(jobs={"mine-1": "RUNNING"}) as flink,
        client(flink.address, copies) as (process, server, _),
    ):
        process.stdin.write(word)
        process.stdin.flush()
        assert process.wait(60) == 0
        assert server.is_running()
        assert flink.jobs == {"mine-1": state}
    assert copies.exists() == (word == guard.DONE)


def test_a_job_that_is_on_its_way_is_ended_when_it_begins() -> None:
    with jobmanager.with_jobs() as flink:
        coming = threading.Timer(1, flink.jobs.update, [{"mine-1": "RUNNING"}])
        coming.start()
        assert guard.end_jobs(JobManager(flink.address), "mine-", late=3)
        assert flink.jobs == {"mine-1": "CANCELED"}
