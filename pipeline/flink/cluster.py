"""A Flink cluster of this machine's processes: a JobManager, some TaskManagers, and a pool of Python workers."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

import psutil

from components.errors import InputError
from pipeline import runs
from pipeline.flink import java, settings, workers
from pipeline.flink.packages import Packages, Tell, alone, cache
from pipeline.flink.rest import Flink, Unreachable
from pipeline.flink.settings import Memory

_ENTRY = "org.apache.flink.runtime"
_JOBMANAGER = f"{_ENTRY}.entrypoint.StandaloneSessionClusterEntrypoint"
_TASKMANAGER = f"{_ENTRY}.taskexecutor.TaskManagerRunner"
_SECONDS = 300.0
"""To come up: it takes a quarter of that on a machine that has other things to do, too."""
JOBMANAGER, POOL = "jobmanager", "workers"


@dataclasses.dataclass(frozen=True)
class Size:
    """What a cluster is made of."""

    taskmanagers: int = 2
    slots: int = 1
    """Of each TaskManager."""
    memory: Memory = Memory()


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
        master: HOST:PORT of Flink's REST interface.
        workers: HOST:PORT of the pool of workers.
        server: the jar of Beam's job server.
    """

    folder: pathlib.Path
    master: str
    workers: str
    server: pathlib.Path
    members: tuple[Member, ...]

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
        found = json.loads((folder / "cluster.json").read_text())
    except FileNotFoundError:
        return None
    members = tuple(Member(**member) for member in found["members"])
    return Cluster(folder, found["master"], found["workers"], pathlib.Path(found["server"]), members)


def up(folder: pathlib.Path, packages: Packages, size: Size, port: int, worker_port: int, tell: Tell) -> Cluster:
    """Start what is not there yet, and wait until all slots are.

    Args:
        port: of Flink's REST interface; 0 takes a free one.
        worker_port: of the pool of workers; 0 takes a free one.

    Raises:
        InputError: there is no Java for it, a port is taken, or a process does not come up.
    """
    executable = java.found()
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder):
        return _up(executable, folder, packages, size, (port, worker_port), tell)


def _up(
    executable: str, folder: pathlib.Path, packages: Packages, size: Size, wanted: tuple[int, int], tell: Tell
) -> Cluster:
    before = load(folder)
    if before and before.alive:
        cluster = before
    else:
        ports = _free_ports(*wanted)
        text = settings.written(settings.of_cluster(ports[0], ports[2], size.slots, size.memory))
        (folder / "config.yaml").write_text(text)
        (folder / "log4j.properties").write_text(settings.LOG4J)
        cluster = Cluster(folder, f"localhost:{ports[0]}", f"localhost:{ports[1]}", packages.server, ())
    commands = _commands(executable, packages, cluster, size)
    there = cluster.alive
    new = []
    for name, command in commands.items():
        if name not in [member.name for member in there]:
            tell(f"starting {name}")
            new.append(_started(name, command, cluster))
    cluster = dataclasses.replace(cluster, members=(*there, *new))
    _save(cluster)
    try:
        _await(cluster, size.taskmanagers * size.slots)
    except BaseException:
        _end_all(new)
        raise
    return cluster


def down(folder: pathlib.Path) -> bool:
    """End the processes of the cluster in that folder. Returns whether there were any."""
    cluster = load(folder)
    if cluster is None:
        return False
    were = bool(cluster.alive)
    _end_all(cluster.members)
    (folder / "cluster.json").unlink()
    return were


def _end_all(members: Sequence[Member]) -> None:
    # The workers first: without their TaskManager each one would write down that it lost it.
    processes = [process for process in (member.process for member in reversed(members)) if process]
    for process in processes:
        process.terminate()
    _, stubborn = psutil.wait_procs(processes, timeout=15)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=15)


def _commands(executable: str, packages: Packages, cluster: Cluster, size: Size) -> dict[str, Sequence[str]]:
    jars = ":".join(sorted(map(str, packages.lib.glob("*.jar"))))
    log4j = f"-Dlog4j.configurationFile={cluster.folder / 'log4j.properties'}"
    start = (executable, *java.OPENED, *java.FRUGAL, log4j)
    place = ("--configDir", str(cluster.folder))
    pool = (sys.executable, "-m", "pipeline.runners.pool", "--address", cluster.workers)
    manager = (*start, "-Xmx512m", "-XX:MaxMetaspaceSize=256m", "-cp", jars, _JOBMANAGER, *place)
    worker = (*start, *size.memory.jvm, "-cp", jars, _TASKMANAGER, *place)
    return {
        JOBMANAGER: manager,
        **{f"taskmanager-{number}": worker for number in range(1, size.taskmanagers + 1)},
        POOL: pool,
    }


def _started(name: str, command: Sequence[str], cluster: Cluster) -> Member:
    """A process that outlives this one."""
    with open(cluster.log(name), "ab") as log:
        process = subprocess.Popen(
            command, cwd=cluster.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    return Member(name, runs.process_id(process.pid))


def _await(cluster: Cluster, slots: int) -> None:
    flink, end = Flink(cluster.master), time.monotonic() + _SECONDS
    waiting = "Flink's REST interface"
    while time.monotonic() < end:
        for name in (member.name for member in cluster.members if not member.process):
            log = cluster.log(name)
            raise InputError(f"{name} ended at once; the end of {log}:\n{_end_of(log)}")
        try:
            found = flink.overview()["slots-total"]
            waiting = f"{slots} slots ({found} are there)" if found < slots else f"the workers at {cluster.workers}"
            if found >= slots and _serves(cluster):
                return
        except Unreachable:
            pass
        time.sleep(0.5)
    raise InputError(
        f"the cluster did not come up within {_SECONDS:.0f} s: still waiting for {waiting}. Logs: {cluster.folder}"
    )


def _end_of(log: pathlib.Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-10:])


def _serves(cluster: Cluster) -> bool:
    """Whether it is the cluster's own pool that answers."""
    [pool] = [member for member in cluster.members if member.name == POOL]
    try:
        return workers.ask(cluster.workers, (), timeout=2).process == pool.pid
    except ConnectionError:
        return False


def _free_ports(port: int, worker_port: int) -> tuple[int, int, int]:
    """The two that are asked for, if they are free, and one for Flink's processes among themselves."""
    with socket.socket() as rest, socket.socket() as workers, socket.socket() as rpc:
        for each, wanted in ((rest, port), (workers, worker_port), (rpc, 0)):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                each.bind(("127.0.0.1", wanted))
            except OSError as error:
                raise InputError(
                    f"port {wanted} of this machine is taken ({error.strerror}): name another one"
                ) from None
        ports = [each.getsockname()[1] for each in (rest, workers, rpc)]
    return ports[0], ports[1], ports[2]


def _save(cluster: Cluster) -> None:
    record = {
        "master": cluster.master,
        "workers": cluster.workers,
        "server": str(cluster.server),
        "members": [dataclasses.asdict(member) for member in cluster.members],
    }
    (cluster.folder / "cluster.json").write_text(json.dumps(record, indent=2))
