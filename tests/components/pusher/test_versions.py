"""Versions of a serving directory, without TensorFlow."""

from __future__ import annotations

import multiprocessing
import os
import pathlib
import subprocess
import sys

import pytest

from components.errors import InputError
from components.pusher import versions
from components.pusher.versions import Record, current, find, rollback, staging
from components.pusher.versions import versions as present

SERVING = "serving"


def record(run: str = "run-1", model: str = "model-1") -> Record:
    return Record(model_uri=f"store/{model}", model_digest=model, run_id=run, pushed="2024-01-01T00:00:00+00:00")


def push(serving: str, of: Record | None = None) -> int:
    with staging(serving) as stage:
        with open(os.path.join(stage.path, "saved_model.pb"), "w") as file:
            file.write("model")
        stage.commit(of or record())
        return stage.version


@pytest.fixture
def serving(tmp_path: pathlib.Path) -> str:
    return str(tmp_path / SERVING)


def test_versions_rise_and_the_highest_is_current(serving: str) -> None:
    assert present(serving) == ()
    assert [push(serving), push(serving), push(serving)] == [1, 2, 3]
    assert present(serving) == (1, 2, 3)
    assert current(serving) == 3
    assert sorted(os.listdir(serving)) == ["1", "2", "3"]


def test_rollback_makes_the_version_before_current_and_never_gives_a_number_again(serving: str) -> None:
    push(serving)
    push(serving)
    assert rollback(serving) == 1
    assert present(serving) == (1,)
    assert os.path.isfile(os.path.join(serving, ".withdrawn", "2", "saved_model.pb"))
    assert push(serving) == 3
    assert rollback(serving) == 1


def test_rollback_without_an_earlier_version(serving: str) -> None:
    with pytest.raises(InputError, match="holds no pushed model"):
        rollback(serving)
    push(serving)
    with pytest.raises(InputError, match="holds version 1 and none before it"):
        rollback(serving)
    assert present(serving) == (1,)


def test_what_fails_in_the_stage_leaves_nothing(serving: str) -> None:
    push(serving)
    with pytest.raises(RuntimeError), staging(serving):
        raise RuntimeError("copying failed")
    assert os.listdir(serving) == ["1"]


def test_foreign_folders_are_no_versions_but_foreign_numbers_count(serving: str) -> None:
    os.makedirs(os.path.join(serving, "41"))
    os.makedirs(os.path.join(serving, "notes"))
    assert present(serving) == (41,)
    assert push(serving) == 42


def test_the_same_push_is_recognised(serving: str) -> None:
    push(serving, record("run-1"))
    found = find(serving, record("run-1"))
    assert found is not None
    assert found.version == 1
    # The current version holds this model, so another run has nothing to add.
    assert find(serving, record("run-2")) is not None
    push(serving, record("run-2", "model-2"))
    # Another run that wants the older model again does push it; the run that made it does not.
    assert find(serving, record("run-3", "model-1")) is None
    assert find(serving, record("run-1", "model-1")) is not None


def test_a_resumed_run_does_not_undo_a_rollback(serving: str) -> None:
    push(serving, record("run-1", "model-1"))
    push(serving, record("run-2", "model-2"))
    rollback(serving)
    found = find(serving, record("run-2", "model-2"))
    assert found is not None
    assert found.version == 2
    assert found.path.endswith(os.path.join(".withdrawn", "2"))
    assert find(serving, record("run-3", "model-2")) is None


_KILLED = """
import os, signal, sys
from components.pusher import versions
with versions.staging(sys.argv[1]) as stage:
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
    assert sorted(os.listdir(serving)) == ["1", "3"]


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


def test_it_imports_nothing_heavy() -> None:
    heavy = "{'tensorflow', 'tfx', 'apache_beam'}"
    code = f"import sys, components.pusher.versions; print(*({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == ""


def test_a_withdrawn_folder_that_cannot_be_made(serving: str) -> None:
    push(serving)
    push(serving)
    with open(os.path.join(serving, ".withdrawn"), "w") as file:
        file.write("in the way")
    with pytest.raises(InputError, match="cannot write to the serving directory"):
        rollback(serving)
    assert versions.current(serving) == 2
