"""Versions in the making: what fails, is killed or races leaves only whole versions, each with a number of its own."""

from __future__ import annotations

import multiprocessing
import os
import pathlib
import subprocess
import sys

import pytest

from components.pusher.staging import staging
from components.pusher.versions import find
from components.pusher.versions import versions as present
from tests.components.pusher.test_versions import push, record


@pytest.fixture
def serving(tmp_path: pathlib.Path) -> str:
    return str(tmp_path / "serving")


def test_what_fails_in_the_stage_leaves_nothing(serving: str) -> None:
    push(serving)
    with pytest.raises(RuntimeError), staging(serving):
        raise RuntimeError("copying failed")
    assert sorted(os.listdir(serving)) == [".given", "1"]


_KILLED = """
import os, signal, sys
from components.pusher import versions
from components.pusher.staging import staging
with staging(sys.argv[1]) as stage:
    open(os.path.join(stage.path, "saved_model.pb"), "w").write("half")
    if sys.argv[2] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    rename = os.rename
    os.rename = lambda a, b: (rename(a, b), os.kill(os.getpid(), signal.SIGKILL))
    stage.commit(versions.Record("store/model-1", "model-1", "run-1", "now"))
"""


def _killed(serving: str, when: str) -> None:
    done = subprocess.run([sys.executable, "-c", _KILLED, serving, when], check=False)
    assert done.returncode == -9


def test_a_kill_before_the_rename_leaves_no_version_and_the_next_push_tidies_up(serving: str) -> None:
    push(serving)
    _killed(serving, "before")
    assert present(serving) == (1,)
    assert os.path.isdir(os.path.join(serving, ".staging-2"))
    assert find(serving, record("run-1", "model-9")) is None
    assert push(serving) == 3
    assert sorted(os.listdir(serving)) == [".given", "1", "3"]


def test_a_kill_after_the_rename_leaves_a_whole_version_that_the_retry_recognises(serving: str) -> None:
    _killed(serving, "after")
    assert present(serving) == (1,)
    found = find(serving, record("run-1", "model-1"))
    assert found is not None
    assert found.version == 1


def _push_some(serving: str, start: multiprocessing.synchronize.Event, done: multiprocessing.Queue) -> None:
    start.wait()
    done.put([push(serving) for _ in range(5)])


def test_two_pushers_at_once_never_share_a_version(serving: str) -> None:
    fork = multiprocessing.get_context("fork")
    start, done = fork.Event(), fork.Queue()
    workers = [fork.Process(target=_push_some, args=(serving, start, done)) for _ in range(4)]
    for worker in workers:
        worker.start()
    start.set()
    pushed = [version for _ in workers for version in done.get(timeout=30)]
    for worker in workers:
        worker.join()
    assert sorted(pushed) == sorted(set(pushed))
    assert present(serving) == tuple(sorted(pushed))
    assert not [name for name in os.listdir(serving) if name.startswith(".staging")]


def test_a_live_stage_is_not_swept(serving: str) -> None:
    with staging(serving) as first:
        assert push(serving) == 2
        assert os.path.isdir(first.path)
        first.commit(record())
    assert present(serving) == (1, 2)
