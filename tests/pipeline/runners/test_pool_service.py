"""Where a pool listens. What it does there: test_pool.py."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from apache_beam.portability.api import beam_fn_api_pb2

from components.errors import InputError
from pipeline.runners import pool_service
from pipeline.runners.fork_server import ForkServer
from tests.pipeline.runners.test_pool import free_ports


def test_two_pools_do_not_share_a_port() -> None:
    address = f"localhost:{free_ports()[0]}"
    taken = pool_service.answering(address)
    with pytest.raises(InputError, match=f"--asked-at {address}: cannot listen there. Is the port taken"):
        pool_service.answering(address)
    with ForkServer() as forks, pytest.raises(InputError, match=f"--address {address}: cannot listen there"):
        pool_service.starting(forks, address, lambda: None)
    taken.stop(0)


def test_a_pool_without_the_process_that_forks_says_so_and_gives_up() -> None:
    """A TaskManager would wait for ever for its worker, and whoever looks after the pool find it well."""
    broken = threading.Event()
    with ForkServer() as forks:
        pool = pool_service.Pool(forks, broken.set)
        os.kill(forks._pid, signal.SIGKILL)
        os.waitid(os.P_PID, forks._pid, os.WEXITED | os.WNOWAIT)
        assert pool.StartWorker(beam_fn_api_pb2.StartWorkerRequest(worker_id="1"), None).error == "the pool is broken"
        assert broken.wait(10)
