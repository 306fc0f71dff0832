"""What is said before a job that could not run. The rest, with a cluster: tests/acceptance/flink_cluster.py."""

from __future__ import annotations

import concurrent.futures
import contextlib
import http.server
import os
import pathlib
import threading
from collections.abc import Iterator

import grpc
import pytest
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer

from components.errors import ConfigError, InputError
from pipeline.config import Flink
from pipeline.flink import ready, workers

NOBODY = "localhost:9"
"""The port of `discard`, which nobody listens to any more."""


@pytest.fixture
def pool() -> Iterator[str]:
    """The address of a server that answers as a pool does."""
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    workers.serve(server)
    port = server.add_insecure_port("localhost:0")
    server.start()
    yield f"localhost:{port}"
    server.stop(0)


def test_a_jar_that_is_not_there_is_named(tmp_path: pathlib.Path) -> None:
    flink = Flink(jar=str(tmp_path / "gone.jar"))
    with pytest.raises(ConfigError, match=r"beam.flink.jar: no such file: .*gone.jar.*millrace flink up"):
        ready.check(flink, (), (), ())


def test_another_jar_than_the_config_means_is_refused(tmp_path: pathlib.Path) -> None:
    jar = tmp_path / "server.jar"
    jar.write_bytes(b"PK")
    with pytest.raises(InputError, match=r"server.jar: its SHA-256 is \w{64}, expected 0{64}"):
        ready.check(Flink(jar=str(jar), sha256="0" * 64), (), (), ())


def test_a_cluster_that_does_not_answer_is_named() -> None:
    with pytest.raises(InputError, match=r"beam.flink.master: http://localhost:9: .*refused.*millrace flink up"):
        ready.check(Flink(master=NOBODY), (), (), ())


def test_what_answers_and_is_no_flink_is_told_from_one() -> None:
    class Json(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Nowhere."""

    with http.server.HTTPServer(("localhost", 0), Json) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(InputError, match="answers, but is no Flink"):
            ready.check(Flink(master=f"localhost:{server.server_port}"), (), (), ())
        server.shutdown()


@pytest.mark.parametrize(
    "option", ["--requirements_file=mine.txt", "--extra_package=mine.tar.gz", "--setup_file=setup.py"]
)
def test_a_pool_installs_nothing(option: str) -> None:
    with pytest.raises(ConfigError, match=rf"beam.args: {option}: .* Build them into the image"):
        ready.check(Flink(), (option,), (), ())


def test_other_workers_install_what_pip_packs() -> None:
    """Our environment is uv's, which has none, or a venv, which has one."""
    flink = Flink(workers="docker", worker_command="image:1", master=NOBODY)
    with contextlib.suppress(ImportError):
        import pip  # noqa: F401

        with pytest.raises(InputError, match="refused"):
            ready.check(flink, ("--requirements_file=mine.txt",), (), ())
        return
    with pytest.raises(ConfigError, match="Beam packs it with pip, which this environment lacks"):
        ready.check(flink, ("--requirements_file=mine.txt",), (), ())


def test_a_pool_says_what_it_has(pool: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "mine.py").write_text("x = 1\n")
    answer = workers.ask(pool, [str(tmp_path / "mine.py"), str(tmp_path / "gone.py")])
    assert answer.versions == workers.versions()
    assert answer.versions["apache-beam"] == "2.61.0"
    assert answer.files == workers.files([*answer.files])
    assert answer.files[str(tmp_path / "gone.py")] is None
    assert answer.process == os.getpid()


def test_where_nobody_answers_that_is_said() -> None:
    with pytest.raises(ConnectionError, match="unavailable"):
        workers.ask(NOBODY, [])


def test_beams_own_pool_is_told_from_ours() -> None:
    address, server = BeamFnExternalWorkerPoolServicer.start()
    with pytest.raises(ConnectionError, match="unimplemented"):
        workers.ask(address, [])
    server.stop(0)
