"""`millrace flink` where no cluster is up. What brings one up is in tests/acceptance/test_flink_cluster.py."""

from __future__ import annotations

import pathlib
import socket
import subprocess
import sys

import pytest

from components.errors import ExitCode, InputError
from pipeline import runs
from pipeline.flink import cluster as clusters
from pipeline.flink.cluster import Cluster, Member, Size
from pipeline.flink.packages import Packages
from tests.pipeline.cli import shell


def test_status_says_that_none_is_up(tmp_path: pathlib.Path) -> None:
    answer = shell.millrace("flink", "status", "--dir", tmp_path)
    assert (answer.code, answer.out) == (ExitCode.INPUT, "not up\n")


def test_down_where_none_is_up_does_nothing(tmp_path: pathlib.Path) -> None:
    answer = shell.millrace("flink", "down", "--dir", tmp_path)
    assert (answer.code, answer.out) == (ExitCode.OK, "it was not up\n")


def test_a_port_that_is_taken_is_named(tmp_path: pathlib.Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} of this machine is taken"):
            clusters.up(tmp_path, Packages(tmp_path, tmp_path), Size(), port, 0, print)
    assert clusters.load(tmp_path) is None


def test_a_process_that_took_a_dead_one_s_id_is_none_of_the_cluster_s() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        identity = runs.process_id(process.pid)
        assert Member("jobmanager", identity).process
        assert Member("jobmanager", f"{process.pid}:1").process is None
        assert process.stdin
        process.stdin.close()
    assert Member("jobmanager", identity).process is None


def test_what_does_not_come_up_is_ended_and_shown(tmp_path: pathlib.Path) -> None:
    """Without its jars, Java finds nothing to run."""
    (tmp_path / "lib").mkdir()
    with pytest.raises(InputError, match=r"(?s)(jobmanager|taskmanager-1) ended at once; the end of .*ClassNotFound"):
        clusters.up(tmp_path, Packages(tmp_path / "lib", tmp_path), Size(taskmanagers=1), 0, 0, print)
    found = clusters.load(tmp_path)
    assert isinstance(found, Cluster)
    assert not found.alive
