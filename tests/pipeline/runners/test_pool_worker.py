"""What a worker is told by its job, and how it ends without one. That it works: test_pool.py."""

from __future__ import annotations

import concurrent.futures
import pickle

import grpc
import pytest

from pipeline.runners import pool_worker


def test_the_folder_with_copies_is_found_among_the_options_of_the_job() -> None:
    options = {"beam:option:experiments:v1": ["beam_fn_api", "millrace_code=/root/beam/code/job"]}
    assert pool_worker._copies(options) == "/root/beam/code/job"
    assert pool_worker._copies({}) == ""


def test_an_error_of_a_taskmanager_travels_between_processes() -> None:
    """One that answers, but not what a worker asks first."""
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(1))
    address = f"localhost:{server.add_insecure_port('localhost:0')}"
    server.start()
    with pytest.raises(ConnectionError, match="UNIMPLEMENTED") as raised:
        pool_worker.work(print, "1", address, address)
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)
    server.stop(0)
