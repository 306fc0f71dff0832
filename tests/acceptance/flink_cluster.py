"""The taxi pipeline's Beam steps on a Flink cluster of two TaskManagers, which this brings up, and takes down again.

It has not been run as a whole yet, so it has no name by which `make acceptance` finds it:
`pytest -m acceptance tests/acceptance/flink_cluster.py`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import apache_beam as beam
import psutil
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from components.statistics import counting
from components.statistics_gen import options
from pipeline import beam as pipelines
from pipeline.config import Flink
from pipeline.config.load import load, override
from pipeline.flink import cluster as clusters
from pipeline.flink import packages, rest
from pipeline.flink.cluster import Cluster, Size
from tests.acceptance import alike
from tests.pipeline.cli import shell

pytestmark = pytest.mark.acceptance
SIZE = Size(taskmanagers=2)
ON_FLINK = ("ExampleGen", "Transform", "Evaluator", "Predictions")
"""The nodes that have Beam pipelines also where there are few rows."""


@dataclasses.dataclass
class Brought:
    """A cluster, and what starts its TaskManagers again."""

    folder: pathlib.Path
    packages: packages.Packages
    cluster: Cluster

    @property
    def settings(self) -> list[str]:
        """Flags of `millrace run`."""
        flink = {"master": self.cluster.master, "worker_address": self.cluster.workers, "jar": str(self.cluster.server)}
        return ["--set", "beam.runner=flink", "--set", f"beam.flink={flink}"]

    @property
    def flink(self) -> rest.Flink:
        return rest.Flink(self.cluster.master)

    def kill_taskmanager(self) -> None:
        """As a machine that is lost, with another one in its place."""
        victim = next(member for member in self.cluster.alive if member.name == "taskmanager-1")
        process = victim.process
        assert process
        process.kill()
        process.wait()
        self.cluster = clusters.up(self.folder, self.packages, SIZE, 0, 0, print)


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brought]:
    folder = tmp_path_factory.mktemp("flink")
    found = packages.fetched(print)
    made = Brought(folder, found, clusters.up(folder, found, SIZE, 0, 0, print))
    yield made
    processes = [member.process for member in made.cluster.alive]
    assert clusters.down(folder)
    assert not any(process and process.is_running() for process in processes)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with a user's code, which writes down where it is read from."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "shares.py").write_text("FIFTH = 0.2\n")
    (folder / "own.py").write_text(OWN.format(list=str(folder / "read.txt")))
    return folder


OWN = """
import shares
import tensorflow as tf

with open({list!r}, "a") as read:
    print(__file__, file=read)

def big_tipper(columns):
    return tf.cast(columns["tips"] > shares.FIFTH * columns["fare"], tf.int64)
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, own: pathlib.Path) -> pathlib.Path:
    """A root with a run on the DirectRunner."""
    root = tmp_path_factory.mktemp("here")
    run(root, own)
    return root


def run(root: pathlib.Path, own: pathlib.Path, *arguments: object) -> str:
    """Run the pipeline, which must succeed; returns what was printed."""
    label = f"heads.0.label_function={own / 'own.py'}:big_tipper"
    answer = shell.millrace("run", "taxi", "--root", root, "--set", label, *arguments)
    assert answer.code == 0, answer.err
    return answer.out


def finished(brought: Brought, run: str) -> dict[str, int]:
    """How many jobs on Flink have finished for each node."""
    names = [job["name"] for job in brought.flink.jobs() if job["state"] == "FINISHED" and run in job["name"]]
    return {node: sum(f"-{node}-" in name for name in names) for node in ON_FLINK}


def test_the_whole_pipeline_comes_to_the_same(
    brought: Brought, here: pathlib.Path, own: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    assert "Flink running" in run(tmp_path, own, *brought.settings)
    assert finished(brought, "taxi-") == {"ExampleGen": 3, "Transform": 1, "Evaluator": 1, "Predictions": 1}
    alike.check_runs(here, tmp_path)
    copies = str(tmp_path / "beam" / "code")
    assert any(line.startswith(copies) for line in (own / "read.txt").read_text().splitlines())


def test_a_taskmanager_may_be_lost_in_each_step(
    brought: Brought, here: pathlib.Path, own: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    with losing_taskmanagers(brought) as killed:
        run(tmp_path, own, *brought.settings)
    assert set(killed) == set(ON_FLINK)
    alike.check_runs(here, tmp_path)


def test_statistics_come_to_the_same_when_a_taskmanager_is_lost(
    brought: Brought, here: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """The node itself counts so few rows without Beam."""
    config = override(load("taxi"), brought.settings[1::2]).model_copy(update={"root": str(tmp_path)})
    of_files = {
        str(tmp_path / f"{number}/FeatureStats.pb"): sorted(map(str, folder.glob("Split-train/*")))
        for number, folder in enumerate(alike.artifact(here, "ExampleGen", "examples"))
    }
    how = options(100, [["payment_type"]])
    job = pipelines.of_node(config, "StatisticsGen", "statistics")
    options_of_flink = PipelineOptions([*job.args])
    with losing_taskmanagers(brought) as killed, beam.Pipeline(options=options_of_flink) as pipeline:
        _ = pipeline | counting._Statistics(of_files, how, ())
    assert "StatisticsGen" in killed
    with beam.Pipeline() as pipeline:
        elsewhere = {f"{path}-here": many for path, many in of_files.items()}
        _ = pipeline | counting._Statistics(elsewhere, how, ())
    for path in of_files:
        alike.check_statistics(pathlib.Path(path), pathlib.Path(f"{path}-here"))


def test_a_job_server_that_is_there_takes_the_jobs(
    brought: Brought, here: pathlib.Path, own: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    with job_server(brought, tmp_path / "artifacts") as address:
        flink = {"master": brought.cluster.master, "worker_address": brought.cluster.workers, "job_server": address}
        settings = ["--set", "beam.runner=flink", "--set", f"beam.flink={flink}", "--set", "data.window=1"]
        before = finished(brought, "taxi-")["ExampleGen"]
        run(tmp_path, own, *settings, "--set", f"beam.flink.artifacts={tmp_path / 'artifacts'}", "--to", "ExampleGen")
    assert finished(brought, "taxi-")["ExampleGen"] == before + 1
    [examples] = alike.artifact(tmp_path, "ExampleGen", "examples")
    assert alike.records(examples) == alike.records(alike.artifact(here, "ExampleGen", "examples")[-1])


@contextlib.contextmanager
def job_server(brought: Brought, artifacts: pathlib.Path) -> Iterator[str]:
    """One that outlives jobs, as in the manifests."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    options = {
        "flink-master": brought.cluster.master,
        "artifacts-dir": artifacts,
        "job-host": "localhost",
        "job-port": port,
        "artifact-port": 8098,
        "expansion-port": 0,
    }
    command = ["java", "-jar", str(brought.cluster.server), *(f"--{name}={value}" for name, value in options.items())]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield f"localhost:{port}"
        finally:
            process.terminate()


@contextlib.contextmanager
def losing_taskmanagers(brought: Brought) -> Iterator[dict[str, str]]:
    """Within, a TaskManager is killed once in each kind of step, when its job has begun. Gives their jobs, by node."""
    over, killed = threading.Event(), dict[str, str]()

    def kill() -> None:
        while not over.wait(0.5):
            for job in brought.flink.jobs():
                node = job["name"].split("-")[1]
                if job["state"] == "RUNNING" and job["tasks"]["running"] and node not in killed:
                    killed[node] = job["jid"]
                    brought.kill_taskmanager()

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()
    assert all(began_again(brought, job) for job in killed.values())


def began_again(brought: Brought, job: str) -> bool:
    """Whether a job lost something on its way."""
    return bool(brought.flink._ask("GET", f"/jobs/{job}/exceptions")["exceptionHistory"]["entries"])


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_client_that_is_gone_leaves_no_job_behind(
    brought: Brought, own: pathlib.Path, tmp_path: pathlib.Path, how: signal.Signals
) -> None:
    label = ["--set", f"heads.0.label_function={own / 'own.py'}:big_tipper"]
    command = [sys.executable, "-m", "pipeline.cli.main", "run", "taxi", "--root", str(tmp_path), *label]
    client = subprocess.Popen([*command, *brought.settings], stdout=subprocess.DEVNULL)
    job = started(brought, client)
    copies = tmp_path / "beam" / "code"
    assert list(copies.iterdir())
    servers = [each for each in psutil.Process(client.pid).children(recursive=True) if each.name() == "java"]
    assert servers
    client.send_signal(how)
    client.wait()
    wait_for(lambda: state(brought, job) == "CANCELED")
    wait_for(lambda: not any(server.is_running() for server in servers))
    wait_for(lambda: not list(copies.iterdir()))


def started(brought: Brought, client: subprocess.Popen[bytes]) -> str:
    """The id of the client's job, once it runs."""
    before = {job["jid"] for job in brought.flink.jobs()}
    while client.poll() is None:
        for job in brought.flink.jobs():
            if job["jid"] not in before and job["state"] == "RUNNING":
                return str(job["jid"])
        time.sleep(0.2)
    raise AssertionError("the client ended before its job began")


def state(brought: Brought, job: str) -> str:
    return str(next(each["state"] for each in brought.flink.jobs() if each["jid"] == job))


def wait_for(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("flink", "message"),
    [
        ({"parallelism": 5}, "beam.flink.parallelism: 5 slots are asked for, and the cluster at .* has 2"),
        ({"version": "1.18"}, r"beam.flink.version: the cluster at .* is Flink 1.19.3, and the job server is for 1.18"),
        ({"artifacts": "gs://bucket/beam", "worker_address": "localhost:9"}, "no pool of our workers answers at"),
    ],
)
def test_what_does_not_fit_the_cluster_is_said_before_a_job_is_sent(
    brought: Brought, tmp_path: pathlib.Path, flink: dict[str, object], message: str
) -> None:
    from components.errors import InputError
    from pipeline.flink import ready

    usual = {"master": brought.cluster.master, "worker_address": brought.cluster.workers}
    cluster = Flink(**{**usual, **flink})
    with pytest.raises(InputError, match=message):
        ready.check(cluster, pipelines.Pipelines((), flink=cluster, shared=(str(tmp_path),)), patience=0)
