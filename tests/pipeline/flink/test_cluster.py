"""Clusters that do not come up, and such as are up. What one does is in tests/acceptance/test_flink_cluster.py."""

from __future__ import annotations

import concurrent.futures
import pathlib
import queue
import re
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from components.errors import InputError
from pipeline import runs
from pipeline.flink import cluster as clusters
from pipeline.flink import record
from pipeline.flink.cluster import Asked
from pipeline.flink.packages import Packages, alone
from pipeline.flink.record import Cluster, Member

ANY = Asked(taskmanagers=1, port=0, worker_port=0)
KILLED = """
import os, pathlib, sys
from pipeline.flink import cluster
from pipeline.flink.packages import Packages

def tell(what):
    if what == "starting workers":
        os._exit(9)

folder = pathlib.Path(sys.argv[1])
cluster.up(folder, Packages(folder, folder), cluster.Asked(taskmanagers=1, port=0, worker_port=0), tell)
"""


@pytest.fixture
def living(tmp_path: pathlib.Path) -> Iterator[Cluster]:
    """One whose JobManager lives, and answers nothing."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        member = Member("jobmanager", runs.process_id(process.pid))
        cluster = Cluster(tmp_path, tmp_path / "server.jar", 2, 1, 8081, 50000, (member,))
        record.save(cluster)
        yield cluster
        process.kill()


@pytest.mark.parametrize("flag", ["--port", "--worker-port"])
def test_a_port_that_is_taken_is_named_with_its_flag(tmp_path: pathlib.Path, flag: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        asked = Asked(port=port, worker_port=0) if flag == "--port" else Asked(port=0, worker_port=port)
        with pytest.raises(InputError, match=f"^{flag} {port}: this port of this machine is taken"):
            clusters.up(tmp_path, Packages(tmp_path, tmp_path), asked, print)
    assert record.load(tmp_path) is None


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Asked(taskmanagers=1), "--taskmanagers 1: the cluster in {} is up with 2"),
        (Asked(slots=2), "--slots 2: the cluster in {} is up with 1"),
        (Asked(port=8082, worker_port=0), "--port 8082: the cluster in {} is up with 8081"),
        (Asked(worker_port=50001), "--worker-port 50001: the cluster in {} is up with 50000"),
    ],
)
def test_what_is_up_does_not_change(living: Cluster, asked: Asked, told: str) -> None:
    with pytest.raises(InputError, match=re.escape(told.format(living.folder)) + ".*millrace flink down first"):
        clusters.up(living.folder, Packages(living.folder, living.folder), asked, print)
    assert record.load(living.folder) == living


@pytest.mark.usefixtures("needs_java")
def test_what_does_not_come_up_is_ended_and_shown(tmp_path: pathlib.Path) -> None:
    """Without its jars, Java finds nothing to run."""
    (tmp_path / "lib").mkdir()
    with pytest.raises(InputError, match=r"(?s)(jobmanager|taskmanager-1) ended at once; the end of .*ClassNotFound"):
        clusters.up(tmp_path, Packages(tmp_path / "lib", tmp_path), ANY, print)
    found = record.load(tmp_path)
    assert isinstance(found, Cluster)
    assert not found.alive


def test_who_is_killed_while_it_starts_one_leaves_a_record_of_what_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    """The Java here does nothing, but lives."""
    program = tmp_path / "java"
    program.write_text('#!/bin/sh\n[ "$1" != -version ] || exec echo \'version "17\' >&2\nexec sleep 600\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False).returncode == 9
    found = record.load(tmp_path)
    assert found
    assert [member.name for member in found.alive] == ["jobmanager", "taskmanager-1"]
    assert clusters.down(tmp_path, print)
    assert not found.alive


def test_down_waits_for_who_brings_it_up(living: Cluster) -> None:
    told = queue.Queue[str]()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        with alone(living.folder, print):
            ended = pool.submit(clusters.down, living.folder, told.put)
            assert re.fullmatch(r"waiting for process \d+, which works on .*", told.get(timeout=30))
            assert living.alive
        assert ended.result(60)
    assert not living.alive
