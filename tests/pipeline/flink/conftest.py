"""What several of these tests need."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Iterator

import grpc
import pytest

from components.errors import InputError
from pipeline.flink import java, workers


@pytest.fixture
def needs_java() -> None:
    """Skips where the Java is not there that a cluster runs on."""
    try:
        java.found()
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture
def pool() -> Iterator[str]:
    """The address of a server that answers as a pool does."""
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    workers.serve(server)
    port = server.add_insecure_port("localhost:0")
    server.start()
    yield f"localhost:{port}"
    server.stop(0)
