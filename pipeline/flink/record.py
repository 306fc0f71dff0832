"""What is known of a cluster that was brought up on this machine: cluster.json in its folder."""

from __future__ import annotations

import dataclasses
import json
import pathlib

import psutil

from pipeline import runs
from pipeline.flink.packages import cache


@dataclasses.dataclass(frozen=True)
class Member:
    """A process of a cluster, with its name there and as `runs.process_id` tells it."""

    name: str
    identity: str

    @property
    def pid(self) -> int:
        """Its id, which a later process may have, too."""
        return int(self.identity.partition(":")[0])

    @property
    def process(self) -> psutil.Process | None:
        """The process, while it lives."""
        try:
            found = psutil.Process(self.pid)
            alive = runs.process_id(self.pid) == self.identity and found.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return found if alive else None


@dataclasses.dataclass(frozen=True)
class Cluster:
    """One that was brought up; its folder has logs, settings and this record.

    Attributes:
        server: the jar of Beam's job server.
        slots: of each TaskManager.
        port: of Flink's REST interface.
        worker_port: of the pool of workers.
    """

    folder: pathlib.Path
    server: pathlib.Path
    taskmanagers: int
    slots: int
    port: int
    worker_port: int
    members: tuple[Member, ...] = ()

    @property
    def master(self) -> str:
        """HOST:PORT of Flink's REST interface."""
        return f"localhost:{self.port}"

    @property
    def workers(self) -> str:
        """HOST:PORT of the pool of workers."""
        return f"localhost:{self.worker_port}"

    @property
    def alive(self) -> tuple[Member, ...]:
        """The processes that live."""
        return tuple(member for member in self.members if member.process)

    def log(self, name: str) -> pathlib.Path:
        """What a member prints."""
        return self.folder / f"{name}.log"


def usual_folder() -> pathlib.Path:
    """Where a cluster is kept that nobody named a folder for."""
    return cache() / "cluster"


def load(folder: pathlib.Path) -> Cluster | None:
    """The cluster that was brought up in a folder; None where there is none."""
    try:
        found = json.loads(_file(folder).read_text())
    except FileNotFoundError:
        return None
    members = tuple(Member(**member) for member in found.pop("members"))
    return Cluster(folder, pathlib.Path(found.pop("server")), **found, members=members)


def save(cluster: Cluster) -> None:
    """Write it down, so that a reader, or a kill at any moment, finds the old record or the new one."""
    record = dataclasses.asdict(cluster) | {"server": str(cluster.server)}
    del record["folder"]
    runs.write_whole(str(_file(cluster.folder)), json.dumps(record, indent=2))


def remove(cluster: Cluster) -> None:
    """Forget it."""
    _file(cluster.folder).unlink()


def _file(folder: pathlib.Path) -> pathlib.Path:
    return folder / "cluster.json"
