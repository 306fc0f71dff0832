"""What must hold before a job is sent to a Flink cluster, each with an error that says what to do."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pathlib
import re
import socket
import time
import urllib.parse
import uuid
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence

from components import progress
from components.errors import ConfigError, InputError, UnavailableError
from pipeline.beam import Pipelines
from pipeline.config.beam import Flink
from pipeline.flink import java, packages, workers
from pipeline.flink.rest import JobManager, Unreachable

_STAGED = ("--requirements_file", "--setup_file", "--extra_package")
_SERVER = "org/apache/beam/runners/flink/FlinkJobServerDriver.class"
_MADE_FOR = re.compile(r"META-INF/maven/org\.apache\.beam/beam-runners-flink-([\d.]+)/")
"""Maven says of what a jar is made."""
_HERE = ("localhost", "127.0.0.1", "::1")


def check(flink: Flink, pipelines: Pipelines, patience: float = 30.0) -> None:
    """Whether the jobs of pipelines can run on a cluster.

    Args:
        patience: seconds in which a cluster may become what it is to be.

    Raises:
        InputError: they cannot; names the field or what is missing.
        UnavailableError: the cluster is not what it is to be, which it may become.
    """
    _check_jar(flink)
    _check_staged(flink, pipelines.args)
    end = time.monotonic() + patience
    while True:
        try:
            _check_cluster(flink)
            _check_job_server(flink)
            if flink.workers == "external":
                _check_workers(flink, pipelines.shared, pipelines.read)
            return
        except _NotYet as error:
            reason = str(error)
        except Unreachable as error:
            reason = f"beam.flink.master: {error}. Is the cluster up? (here: millrace flink up)"
        if time.monotonic() >= end:
            raise UnavailableError(reason)
        progress.report(Flink="waits", reason=reason)
        time.sleep(2)


class _NotYet(Exception):
    """What also lacks while a part of a cluster that was lost is replaced."""


def _check_jar(flink: Flink) -> None:
    if flink.jar is None:
        return
    if not os.path.isfile(flink.jar):
        raise ConfigError(
            f"beam.flink.jar: no such file: {flink.jar}. `millrace flink up` makes one and says where it is"
        )
    if flink.sha256:
        try:
            packages.check(pathlib.Path(flink.jar), flink.sha256)
        except InputError as error:
            raise ConfigError(f"beam.flink.sha256: {error}") from None
    entries = _entries(flink.jar)
    if _SERVER not in entries:
        raise ConfigError(
            f"beam.flink.jar: {flink.jar} is no job server of Beam for Flink. `millrace flink up` makes one and says "
            "where it is"
        )
    made_for = {found[1] for entry in entries if (found := _MADE_FOR.match(entry))}
    if made_for and flink.version not in made_for:
        raise ConfigError(
            f"beam.flink.version: {flink.jar} is for Flink {', '.join(made_for)}, and not for {flink.version}: name "
            "the minor version of the cluster, and a jar for it"
        )


def _entries(jar: str) -> Collection[str]:
    """What is in it; nothing where it is no jar."""
    try:
        with zipfile.ZipFile(jar) as file:
            return file.NameToInfo.keys()
    except (OSError, zipfile.BadZipFile):
        return ()


def _check_staged(flink: Flink, args: Sequence[str]) -> None:
    staged = [arg for arg in args if arg.startswith(_STAGED)]
    if staged and flink.workers == "external":
        raise ConfigError(
            f"beam.args: {staged[0]}: the workers of a pool have the packages that they were started with, and install "
            "none. Build them into the image (millrace image build --project), or take workers='docker'"
        )
    if staged and importlib.util.find_spec("pip") is None:
        raise ConfigError(f"beam.args: {staged[0]}: Beam packs it with pip, which this environment lacks: install pip")


def _check_cluster(flink: Flink) -> None:
    asked = JobManager(flink.master)
    found = asked.overview()
    version = found["flink-version"]
    if not version.startswith(f"{flink.version}."):
        raise InputError(
            f"beam.flink.version: the cluster at {asked.url} is Flink {version}, and the job server is for "
            f"{flink.version}: name the cluster's minor version, and a jar for it"
        )
    slots = found["slots-total"]
    if slots < flink.parallelism:
        raise _NotYet(
            f"beam.flink.parallelism: {flink.parallelism} slots are asked for, and the cluster at {asked.url} has "
            f"{slots} (of {found['taskmanagers']} TaskManagers): start more of them, or ask for {slots or 'fewer'}"
        )


def _check_job_server(flink: Flink) -> None:
    if flink.job_server is None or flink.artifact_server is None:
        java.found()  # it starts one
        return
    for address in (flink.job_server, flink.artifact_server):
        try:
            socket.create_connection(_host_and_port("job_server", address), timeout=10).close()
        except OSError as error:
            raise _NotYet(
                f"beam.flink.job_server: nobody answers at {address} ({error.strerror or error}). Is Beam's job server "
                "up? Without job_server, each step starts one of its own"
            ) from None


def _check_workers(flink: Flink, shared: Collection[str], read: Collection[str]) -> None:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(_probe(folder)) for folder in shared]
        marks = {path: _mark(path) for path in (*probes, *read) if os.path.exists(path)}
        marks.update({path: {**marks[path], "beside": "writable"} for path in probes})
        for address in _pools(flink):
            try:
                answer = workers.ask(address, marks)
            except ConnectionError as error:
                raise _NotYet(
                    f"beam.flink.worker_address: no pool of our workers answers at {address} ({error}). "
                    "It is started with `python -m pipeline.runners.pool`, and by `millrace flink up`"
                ) from None
            _compare_versions(address, answer.versions)
            for path in answer.lacking:
                raise _not_shared(path) if path in probes else _not_readable(address, path)


def _pools(flink: Flink) -> list[str]:
    """Where the pools of workers can be asked: the one that there is, or that of each TaskManager."""
    host, port = _host_and_port("worker_address", flink.worker_address)
    if host not in _HERE or _host_of(flink.master) in _HERE:
        return [flink.worker_address]
    # Only its TaskManager reaches such a pool; one port further it tells everybody what it has.
    _, asked_at = _host_and_port("worker_address, one port further", f"localhost:{port + 1}")
    hosts = {_host_of(each["path"]) for each in JobManager(flink.master).taskmanagers()}
    return [f"[{each}]:{asked_at}" if ":" in each else f"{each}:{asked_at}" for each in sorted(hosts)]


def _host_and_port(field: str, address: str) -> tuple[str, int]:
    """Of an address that a field names."""
    try:
        parts = urllib.parse.urlsplit(f"//{address}")
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"beam.flink.{field}: {address} is no HOST:PORT: {error}") from None
    return parts.hostname or "", port or 0


def _host_of(address: str) -> str:
    """Of HOST:PORT, of a URL, and of a TaskManager's path, which Flink writes `pekko.tcp://flink@HOST:PORT/user/…`."""
    return urllib.parse.urlsplit(address if "//" in address else f"//{address}").hostname or ""


@contextlib.contextmanager
def _probe(folder: str) -> Iterator[str]:
    """A file that the workers must see, too."""
    try:
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, f".probe-{uuid.uuid4().hex}")
        pathlib.Path(path).write_text(path, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder}: cannot write there: {error.strerror}") from None
    try:
        yield path
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def _compare_versions(address: str, theirs: Mapping[str, str]) -> None:
    mine = workers.versions()
    differing = [f"{name} {theirs.get(name)} (here {mine[name]})" for name in mine if theirs.get(name) != mine[name]]
    if differing:
        raise InputError(
            f"the workers at {address} have {', '.join(differing)}: start them from the same image, or on this machine "
            "again (millrace flink down, then up)"
        )


def _mark(path: str) -> workers.Mark:
    try:
        return workers.mark(path)
    except OSError as error:
        raise InputError(f"{path}: cannot read it: {error.strerror}") from None


def _not_shared(probe: str) -> InputError:
    return InputError(
        f"{os.path.dirname(probe)}: the workers do not see what is written there, or may not write there: the root "
        "and beam.flink.artifacts must lie on a volume that this process, Flink's TaskManagers and their workers "
        "share, under the same path"
    )


def _not_readable(address: str, path: str) -> InputError:
    what = "have nothing that is in it" if os.path.isdir(path) else "lack it or have another one"
    return InputError(
        f"{path}: the workers at {address} are to read it, and {what}: put it where they see it under the same path, "
        "or build it into their image (millrace image build --project)"
    )
