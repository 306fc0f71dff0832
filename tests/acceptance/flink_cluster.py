"""A Flink cluster for tests, and the loss of its TaskManagers."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
from collections.abc import Iterator

from pipeline.flink import cluster as clusters
from pipeline.flink import packages, rest
from pipeline.flink.cluster import Asked
from pipeline.flink.record import Cluster
from tests.meanwhile import meanwhile

_ASKED = Asked(taskmanagers=2, port=0, worker_port=0)


@dataclasses.dataclass
class Brought:
    """A cluster, and what starts its TaskManagers again."""

    folder: pathlib.Path
    packages: packages.Packages
    cluster: Cluster

    def settings(self, **more: str) -> list[str]:
        """Flags of `millrace run`."""
        return ["--set", "beam.runner=flink", "--set", f"beam.flink={self._fields(**more)}"]

    @property
    def own_servers(self) -> list[str]:
        """Flags with which each job has a job server of its own."""
        return self.settings(jar=str(self.cluster.server))

    def of_nodes(self, *nodes: str) -> list[str]:
        """Flags with which these nodes alone are jobs here, whose job servers are their own."""
        runner = {"runner": "flink", "flink": self._fields(jar=str(self.cluster.server))}
        return ["--set", f"beam.nodes={dict.fromkeys(nodes, runner)}"]

    def _fields(self, **more: str) -> dict[str, str]:
        return {"master": self.cluster.master, "worker_address": self.cluster.workers, **more}

    @property
    def flink(self) -> rest.JobManager:
        return rest.JobManager(self.cluster.master)

    def kill_taskmanager(self) -> None:
        """As a machine that is lost, with another one in its place."""
        victim = next(member for member in self.cluster.alive if member.name == "taskmanager-1")
        process = victim.process
        assert process
        process.kill()
        process.wait()
        self.cluster = clusters.up(self.folder, self.packages, _ASKED, print)


@contextlib.contextmanager
def up(folder: pathlib.Path, found: packages.Packages) -> Iterator[Brought]:
    """A cluster of two TaskManagers; none of its processes is left in the end."""
    made = Brought(folder, found, clusters.up(folder, found, _ASKED, print))
    yield made
    processes = [member.process for member in made.cluster.alive]
    assert clusters.down(folder, print)
    assert not any(process and process.is_running() for process in processes)


@contextlib.contextmanager
def losing_taskmanagers(brought: Brought) -> Iterator[dict[str, str]]:
    """Within, a TaskManager is killed once in each kind of step, when its job has begun. Gives their jobs, by node."""
    killed = dict[str, str]()

    def kill() -> None:
        for job in brought.flink.jobs():
            node = job["name"].split("-")[1]
            if job["state"] == "RUNNING" and job["tasks"]["running"] and node not in killed:
                killed[node] = job["jid"]
                brought.kill_taskmanager()

    with meanwhile(kill, every=0.5):
        yield killed
    assert all(brought.flink.failure(job) for job in killed.values())  # each lost something on its way
