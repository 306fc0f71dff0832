"""What several of these files need."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Iterator

import pytest

from pipeline.flink import packages
from tests.acceptance import flink_cluster
from tests.acceptance.flink_cluster import Brought


@pytest.fixture(scope="module")
def fetched() -> Iterator[concurrent.futures.Future[packages.Packages]]:
    """What a Flink cluster needs, on its way while other things are done."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        yield pool.submit(packages.fetched, print)


@pytest.fixture(scope="module")
def brought(
    fetched: concurrent.futures.Future[packages.Packages], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Brought]:
    """A Flink cluster."""
    with flink_cluster.up(tmp_path_factory.mktemp("flink"), fetched.result()) as made:
        yield made
