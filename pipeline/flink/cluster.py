"""A Flink cluster of this machine's processes: a JobManager, some TaskManagers, and a pool of Python workers."""

from __future__ import annotations

import dataclasses
import pathlib
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

import psutil

from components.errors import InputError
from pipeline import runs
from pipeline.flink import java, record, settings, workers
from pipeline.flink.packages import Packages, Tell, alone
from pipeline.flink.record import Cluster, Member
from pipeline.flink.rest import JobManager, Unreachable
from pipeline.flink.settings import Memory

_ENTRY = "org.apache.flink.runtime"
_JOBMANAGER = f"{_ENTRY}.entrypoint.StandaloneSessionClusterEntrypoint"
_TASKMANAGER = f"{_ENTRY}.taskexecutor.TaskManagerRunner"
_MEMORY = Memory()
_SECONDS = 300.0
"""To come up: it takes a quarter of that on a machine that has other things to do, too."""
JOBMANAGER, POOL = "jobmanager", "workers"


@dataclasses.dataclass(frozen=True)
class Asked:
    """What a cluster is to have; None is what it has where it is up, and the usual where it is not.

    Attributes:
        slots: of each TaskManager.
        port: of Flink's REST interface; 0 is any.
        worker_port: of the pool of workers; 0 is any.
    """

    taskmanagers: int | None = None
    slots: int | None = None
    port: int | None = None
    worker_port: int | None = None


USUAL = {"taskmanagers": 2, "slots": 1, "port": 8081, "worker_port": 50000}


def up(folder: pathlib.Path, packages: Packages, asked: Asked, tell: Tell) -> Cluster:
    """Start what is not there yet, and wait until all slots are.

    Raises:
        InputError: there is no Java for it, a port is taken, a process does not come up, or a cluster is up there that
            has other things than those that are asked for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder, tell):
        there = record.load(folder)
        if there and there.alive:
            _check_same(there, asked)
            return _completed(there, packages, tell)
        return _completed(_new(folder, packages, asked), packages, tell)


def down(folder: pathlib.Path, tell: Tell) -> bool:
    """End the processes of the cluster in that folder. Returns whether there were any."""
    if not folder.is_dir():
        return False
    with alone(folder, tell):
        cluster = record.load(folder)
        if cluster is None:
            return False
        were = bool(cluster.alive)
        _end_all(cluster.members)
        record.remove(cluster)
        return were


def _check_same(there: Cluster, asked: Asked) -> None:
    for name, wanted in dataclasses.asdict(asked).items():
        has = getattr(there, name)
        # A port of 0 is any.
        if wanted and wanted != has:
            raise InputError(
                f"--{name.replace('_', '-')} {wanted}: the cluster in {there.folder} is up with {has}, and what is up "
                "does not change: millrace flink down first, or leave the flag out to bring back what is missing"
            )


def _new(folder: pathlib.Path, packages: Packages, asked: Asked) -> Cluster:
    """One of which nothing runs yet, and Flink's settings for it."""
    wanted = USUAL | {name: value for name, value in dataclasses.asdict(asked).items() if value is not None}
    rpc_port, wanted["port"], wanted["worker_port"] = _free_ports(wanted["port"], wanted["worker_port"])
    cluster = Cluster(folder, packages.server, **wanted)
    text = settings.written(settings.of_cluster(cluster.port, rpc_port, cluster.slots, _MEMORY))
    (folder / "config.yaml").write_text(text)
    (folder / "log4j.properties").write_text(settings.LOG4J)
    return cluster


def _completed(cluster: Cluster, packages: Packages, tell: Tell) -> Cluster:
    """With the processes that it lacks."""
    commands = _commands(java.found(), packages, cluster)
    there, new = cluster.alive, list[Member]()
    try:
        for name, command in commands.items():
            if name not in [member.name for member in there]:
                tell(f"starting {name}")
                new.append(_started(name, command, cluster))
                cluster = dataclasses.replace(cluster, members=(*there, *new))
                # Whoever is killed here leaves no process that nobody knows of.
                record.save(cluster)
        _await(cluster)
    except BaseException:
        _end_all(new)
        raise
    return cluster


def _end_all(members: Sequence[Member]) -> None:
    # The workers first: without their TaskManager each one would write down that it lost it.
    processes = [process for process in (member.process for member in reversed(members)) if process]
    for process in processes:
        process.terminate()
    _, stubborn = psutil.wait_procs(processes, timeout=15)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=15)


def _commands(executable: str, packages: Packages, cluster: Cluster) -> dict[str, Sequence[str]]:
    jars = ":".join(sorted(map(str, packages.lib.glob("*.jar"))))
    log4j = f"-Dlog4j.configurationFile={cluster.folder / 'log4j.properties'}"
    start = (executable, *java.OPENED, *java.FRUGAL, log4j)
    place = ("--configDir", str(cluster.folder))
    pool = (sys.executable, "-m", "pipeline.runners.pool", "--address", cluster.workers)
    manager = (*start, "-Xmx512m", "-XX:MaxMetaspaceSize=256m", "-cp", jars, _JOBMANAGER, *place)
    worker = (*start, *_MEMORY.jvm, "-cp", jars, _TASKMANAGER, *place)
    return {
        JOBMANAGER: manager,
        **{f"taskmanager-{number}": worker for number in range(1, cluster.taskmanagers + 1)},
        POOL: pool,
    }


def _started(name: str, command: Sequence[str], cluster: Cluster) -> Member:
    """A process that outlives this one."""
    with open(cluster.log(name), "ab") as log:
        process = subprocess.Popen(
            command, cwd=cluster.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    return Member(name, runs.process_id(process.pid))


def _await(cluster: Cluster) -> None:
    flink, end = JobManager(cluster.master), time.monotonic() + _SECONDS
    slots = cluster.taskmanagers * cluster.slots
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
        return workers.ask(cluster.workers, timeout=2).process == pool.pid
    except ConnectionError:
        return False


def _free_ports(port: int, worker_port: int) -> tuple[int, int, int]:
    """One for Flink's processes among themselves, and the two that are asked for, if they are free."""
    if port and port == worker_port:
        raise InputError(f"--port and --worker-port are both {port}: each needs one of its own")
    with socket.socket() as rpc, socket.socket() as rest, socket.socket() as pool:
        for each, wanted, flag in ((rpc, 0, ""), (rest, port, "--port"), (pool, worker_port, "--worker-port")):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                each.bind(("127.0.0.1", wanted))
            except OSError as error:
                raise InputError(
                    f"{flag} {wanted}: this port of this machine is taken ({error.strerror}): name another one, or 0 "
                    "for one that is free"
                ) from None
        rpc_port, *ports = (each.getsockname()[1] for each in (rpc, rest, pool))
    return rpc_port, ports[0], ports[1]
