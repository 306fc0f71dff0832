"""Where a pool listens. What it does there: test_pool.py."""

from __future__ import annotations

import pytest

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
        pool_service.starting(forks, address)
    taken.stop(0)
