"""The taxi pipeline's Beam steps on a Flink cluster of two TaskManagers, which this brings up, and takes down again."""

from __future__ import annotations

import contextlib
import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import apache_beam as beam
import psutil
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from components.statistics import counting
from components.statistics_gen import options
from pipeline import beam as pipelines
from pipeline import runs
from pipeline.config import Flink
from pipeline.config.load import load, override
from tests.acceptance import alike
from tests.acceptance.flink_cluster import Brought, losing_taskmanagers
from tests.pipeline.cli import shell

pytestmark = pytest.mark.acceptance
CHECKOUT = pathlib.Path(__file__).parents[2]
ON_FLINK = ("ExampleGen", "Transform", "Evaluator", "Predictions")
"""The nodes that have Beam pipelines also where there are few rows."""


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
def here(fetched: object, own: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A root with a run on the DirectRunner."""
    root = tmp_path_factory.mktemp("here")
    run(root, own)
    return root


def run(root: pathlib.Path, own: pathlib.Path, *arguments: object) -> str:
    """Run the pipeline, which must succeed; returns what was printed."""
    answer = shell.millrace("run", "taxi", "--root", root, *labelled(own), *arguments)
    assert answer.code == 0, answer.err
    return answer.out


def labelled(own: pathlib.Path) -> list[str]:
    """Flags with which the user's code makes the label."""
    return ["--set", f"heads.0.label_function={own / 'own.py'}:big_tipper"]


def finished(brought: Brought) -> dict[str, int]:
    """How many jobs on Flink have finished for each node."""
    names = [job["name"] for job in brought.flink.jobs() if job["state"] == "FINISHED"]
    return {node: sum(f"-{node}-" in name for name in names) for node in ON_FLINK}


def test_a_whole_run_that_loses_a_taskmanager_in_each_step_comes_to_the_same(
    here: pathlib.Path, brought: Brought, own: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    root, artifacts = tmp_path / "root", tmp_path / "artifacts"
    with job_server(brought, artifacts) as server, losing_taskmanagers(brought) as killed:
        said = run(root, own, *brought.settings(job_server=server, artifacts=str(artifacts)))
    assert "Flink running" in said
    assert set(killed) == set(ON_FLINK)
    assert finished(brought) == {"ExampleGen": 3, "Transform": 1, "Evaluator": 1, "Predictions": 1}
    alike.check_runs(here, root)
    copies = str(root / "beam" / "code")
    assert any(line.startswith(copies) for line in (own / "read.txt").read_text().splitlines())


def test_statistics_come_to_the_same_when_a_taskmanager_is_lost(
    here: pathlib.Path, brought: Brought, tmp_path: pathlib.Path
) -> None:
    """The node itself counts so few rows without Beam."""
    config = override(load("taxi"), brought.own_servers[1::2]).model_copy(update={"root": str(tmp_path)})
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


MINE = """
import pipeline.config as c
from pipeline.configs import taxi

def get_config():
    flink = c.Flink(master={up.master!r}, worker_address={up.workers!r}, jar="{up.server}")
    return taxi.get_config().model_copy(update={{"beam": c.Beam(runner="flink", flink=flink)}})
"""


def test_predict_gives_what_it_gives_here(here: pathlib.Path, brought: Brought, tmp_path: pathlib.Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(MINE.format(up=brought.cluster))
    trips = CHECKOUT / "data/taxi/csv/span-1/trips.csv"
    for config, out in ((mine, "there"), ("taxi", "here")):
        answer = shell.millrace("predict", config, trips, "--out", tmp_path / out, "--root", here)
        assert answer.code == 0, answer.err
        assert ("predict Flink running" in answer.out) == (config == mine)
    shards = [sorted((tmp_path / out).iterdir()) for out in ("there", "here")]
    assert [each.read_bytes() for each in shards[0]] == [each.read_bytes() for each in shards[1]]


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


def test_clients_that_are_gone_leave_no_job_behind(brought: Brought, own: pathlib.Path, tmp_path: pathlib.Path) -> None:
    clients = {how: Client(brought, own, tmp_path / how.name) for how in (signal.SIGINT, signal.SIGKILL)}
    for how, client in clients.items():
        wait_for(client.computes)
        assert list(client.copies.iterdir())
        client.servers = [each for each in client.process.children(recursive=True) if each.name() == "java"]
        assert client.servers
        client.process.send_signal(how)
    for client in clients.values():
        client.process.wait()
        wait_for(client.has_left_nothing)


class Client:
    """A run that is under way, and its job servers once it has some."""

    def __init__(self, brought: Brought, own: pathlib.Path, root: pathlib.Path) -> None:
        self.copies = root / "beam" / "code"
        self.servers: list[psutil.Process] = []
        self._flink, self._root = brought.flink, root
        command = [sys.executable, "-m", "pipeline.cli.main", "run", "taxi", "--root", root, *labelled(own)]
        self.process = psutil.Popen([*map(str, command), *brought.own_servers], stdout=subprocess.DEVNULL)

    def computes(self) -> bool:
        """Whether it has a job that runs."""
        return self._states == ["RUNNING"]

    def has_left_nothing(self) -> bool:
        """Whether its job is cancelled, its job servers have ended and its copies of code are gone."""
        gone = not any(server.is_running() for server in self.servers) and not list(self.copies.iterdir())
        return gone and self._states == ["CANCELED"]

    @property
    def _states(self) -> list[str]:
        keys = {record.key for record in runs.list_runs(str(self._root))}
        return [job["state"] for job in self._flink.jobs() if any(f"-{key}-" in job["name"] for key in keys)]


def wait_for(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
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
    from components.errors import MillraceError
    from pipeline.flink import ready

    usual = {"master": brought.cluster.master, "worker_address": brought.cluster.workers}
    cluster = Flink(**{**usual, **flink})
    with pytest.raises(MillraceError, match=message):
        ready.check(cluster, pipelines.Pipelines((), flink=cluster, shared=(str(tmp_path),)), patience=0)
