"""Versions of a serving directory, without TensorFlow."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from components.errors import InputError
from components.pusher import versions
from components.pusher.staging import staging
from components.pusher.versions import Record, current, find, rollback, stands
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
    assert sorted(os.listdir(serving)) == [".given", "1", "2", "3"]


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


def test_foreign_folders_are_no_versions_but_foreign_numbers_count(serving: str) -> None:
    os.makedirs(os.path.join(serving, "41"))
    os.makedirs(os.path.join(serving, "notes"))
    assert present(serving) == (41,)
    assert push(serving) == 42


def test_a_number_is_not_given_again_when_its_version_was_removed_by_hand(serving: str) -> None:
    assert [push(serving), push(serving), push(serving)] == [1, 2, 3]
    for version in (2, 3):
        shutil.rmtree(os.path.join(serving, str(version)))
    assert push(serving) == 4
    assert present(serving) == (1, 4)


def test_a_push_stands_while_it_is_current_and_once_it_was_rolled_back(serving: str) -> None:
    assert not stands(serving, 1)
    push(serving)
    push(serving)
    assert [stands(serving, version) for version in (1, 2, 3)] == [False, True, False]
    rollback(serving)
    assert [stands(serving, version) for version in (1, 2, 3)] == [True, True, False]


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


def test_it_imports_nothing_heavy() -> None:
    heavy = "{'tensorflow', 'tfx', 'apache_beam'}"
    code = f"import sys, components.pusher.versions, components.pusher.staging; print(*({heavy} & set(sys.modules)))"
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
