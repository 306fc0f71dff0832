"""What ends with a client. Jobs are ended, too: tests/acceptance/test_flink_cluster.py."""

from __future__ import annotations

import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from pipeline.flink import guard


@pytest.fixture
def server() -> Iterator[subprocess.Popen[bytes]]:
    """What a client has started, in a group of its own."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as process:
        yield process
        process.kill()


def watch(server: subprocess.Popen[bytes], copies: pathlib.Path, last_words: bytes) -> int:
    """The guard of a client that ends with these words; returns how it ended itself."""
    command = [sys.executable, "-m", guard.__name__, "--master", "localhost:9", "--job", "job"]
    command += ["--copies", str(copies), "--group", str(server.pid)]
    return subprocess.run(command, input=last_words, timeout=60, check=False).returncode


def test_with_a_client_that_is_gone_its_processes_and_copies_go(
    server: subprocess.Popen[bytes], tmp_path: pathlib.Path
) -> None:
    (tmp_path / "copies").mkdir()
    assert watch(server, tmp_path / "copies", b"") == 0
    assert server.wait(10) == -9
    assert not (tmp_path / "copies").exists()


def test_a_client_that_is_done_keeps_what_it_has(server: subprocess.Popen[bytes], tmp_path: pathlib.Path) -> None:
    assert watch(server, tmp_path, guard.DONE) == 0
    assert server.poll() is None
    assert tmp_path.exists()
