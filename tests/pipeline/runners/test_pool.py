"""The pool of workers, asked by Beam's own runner of portable pipelines in the place of Flink's TaskManagers."""

from __future__ import annotations

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import apache_beam as beam
import grpc
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

from pipeline import references
from pipeline.flink import code, workers

CHECKOUT = pathlib.Path(__file__).parents[3]


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Where it starts workers, and where it only answers."""
    address, asked = (f"localhost:{port}" for port in free_ports())
    command = [sys.executable, "-m", "pipeline.runners.pool", "--address", address, "--asked-at", asked]
    with (
        (tmp_path_factory.mktemp("pool") / "log.txt").open("wb") as log,
        subprocess.Popen(command, cwd=CHECKOUT, stdout=log, stderr=log) as process,
    ):
        while not ready(asked):
            assert process.poll() is None, pathlib.Path(log.name).read_text()
            time.sleep(0.2)
        yield address, asked
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("localhost", 0))
        return one.getsockname()[1], other.getsockname()[1]


def ready(address: str) -> bool:
    try:
        return bool(workers.ask(address, timeout=1).versions)
    except ConnectionError:
        return False


def test_a_worker_runs_what_a_job_brings(pool: tuple[str, str], tmp_path: pathlib.Path) -> None:
    mine, copies = tmp_path / "mine", tmp_path / "copies"
    mine.mkdir()
    (mine / "prepare.py").write_text("import os\nimport tables\nNAME = f'{tables.NAME} {os.getpid()}'\n")
    (mine / "tables.py").write_text("NAME = 'mine'\n")
    options = PipelineOptions(
        [
            "--runner=PortableRunner",
            "--job_endpoint=embed",
            "--environment_type=EXTERNAL",
            f"--environment_config={pool[0]}",
            f"--experiments=millrace_code={copies}",
        ]
    )
    with code.staged([str(mine / "prepare.py")], "", str(copies)):
        mine.rename(tmp_path / "gone")
        with beam.Pipeline(options=options) as pipeline:
            _ = (
                pipeline
                | beam.Create([f"{mine / 'prepare.py'}:NAME"])
                | beam.Map(references.load)
                | beam.io.WriteToText(str(tmp_path / "out"), shard_name_template="")
            )
    name, process = (tmp_path / "out").read_text().split()
    assert name == "mine"
    assert int(process) != os.getpid()


def test_where_it_only_answers_it_starts_no_worker(pool: tuple[str, str]) -> None:
    assert workers.ask(pool[1]) == workers.ask(pool[0])
    with grpc.insecure_channel(pool[1]) as channel:
        stub = beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel)
        with pytest.raises(grpc.RpcError, match="UNIMPLEMENTED"):
            stub.StartWorker(beam_fn_api_pb2.StartWorkerRequest(worker_id="1"))
