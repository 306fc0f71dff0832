"""What is remembered of a cluster."""

from __future__ import annotations

import pathlib
import subprocess
import sys

from pipeline import runs
from pipeline.flink import record
from pipeline.flink.record import Cluster, Member


def test_a_cluster_is_found_as_it_was_brought_up(tmp_path: pathlib.Path) -> None:
    cluster = Cluster(tmp_path, tmp_path / "server.jar", 3, 2, 8081, 50000, (Member("jobmanager", "17:42"),))
    record.save(cluster)
    assert record.load(tmp_path) == cluster
    assert (cluster.master, cluster.workers) == ("localhost:8081", "localhost:50000")
    record.remove(cluster)
    assert record.load(tmp_path) is None


def test_a_process_that_took_a_dead_one_s_id_is_none_of_the_cluster_s() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        identity = runs.process_id(process.pid)
        assert Member("jobmanager", identity).process
        assert Member("jobmanager", f"{process.pid}:1").process is None
        assert process.stdin
        process.stdin.close()
    assert Member("jobmanager", identity).process is None
