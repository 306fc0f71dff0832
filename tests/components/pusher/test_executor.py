"""Pushing real SavedModels."""

from __future__ import annotations

import multiprocessing
import os
import pathlib
import resource

import pytest
import tensorflow as tf
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import standard_artifacts
from tfx.types.artifact import Artifact

from components.errors import GateError, InputError
from components.pusher import versions
from components.pusher.executor import Executor, push
from tests import tiny_model

ROWS = [{"x": 0.5, "kind": "a"}, {"x": -2.0, "kind": "b"}]
EXAMPLES = [tiny_model.example(row) for row in ROWS]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model artifact's folder."""
    folder = str(tmp_path_factory.mktemp("model"))
    tiny_model.save(os.path.join(folder, "Format-Serving"))
    return folder


def saved(model: str) -> str:
    return os.path.join(model, "Format-Serving")


def run(model: str, serving: str, blessed: int, run_id: str = "run-1") -> Artifact:
    """The PushedModel artifact of one execution."""
    artifacts: dict[str, Artifact] = {
        "model": standard_artifacts.Model(),
        "model_blessing": standard_artifacts.ModelBlessing(),
        "examples": standard_artifacts.Examples(),
    }
    artifacts["model"].uri = model
    artifacts["model_blessing"].set_int_custom_property("blessed", blessed)
    artifacts["examples"].uri = os.path.join(os.path.dirname(serving), "examples")
    artifacts["examples"].split_names = '["train", "eval"]'
    for split in ("train", "eval"):
        tiny_model.write_split(artifacts["examples"].uri, split, ROWS)
    pushed = standard_artifacts.PushedModel()
    context = BaseExecutor.Context(unique_id="1", tmp_dir=serving, pipeline_run_id=run_id)
    inputs = {key: [artifact] for key, artifact in artifacts.items()}
    Executor(context).Do(inputs, {"pushed_model": [pushed]}, {"serving_dir": serving})
    return pushed


def test_a_blessed_model_becomes_a_version_that_answers(model: str, tmp_path: pathlib.Path) -> None:
    serving = str(tmp_path / "serving")
    pushed = run(model, serving, blessed=1)
    assert pushed.get_int_custom_property("pushed") == 1
    assert pushed.get_string_custom_property("pushed_version") == "1"
    folder = pushed.get_string_custom_property("pushed_destination")
    assert folder == os.path.join(serving, "1")
    answers = tf.saved_model.load(folder).signatures["serving_default"](examples=tf.constant(EXAMPLES))
    assert answers["scores"].shape == (2, 2)
    record = versions.read_record(folder)
    assert record is not None
    assert (record.model_uri, record.run_id) == (saved(model), "run-1")


def test_a_model_that_was_not_blessed_is_not_pushed(model: str, tmp_path: pathlib.Path) -> None:
    pushed = run(model, str(tmp_path / "serving"), blessed=0)
    assert pushed.get_int_custom_property("pushed") == 0
    assert not os.path.exists(tmp_path / "serving")


def test_the_retry_of_an_interrupted_push_makes_no_second_version(model: str, tmp_path: pathlib.Path) -> None:
    serving = str(tmp_path / "serving")
    run(model, serving, blessed=1)
    pushed = run(model, serving, blessed=1)
    assert pushed.get_string_custom_property("pushed_version") == "1"
    assert versions.versions(serving) == (1,)


def test_a_model_that_answers_nan_is_refused(tmp_path: pathlib.Path) -> None:
    broken = tiny_model.save(str(tmp_path / "nan"), bias=float("nan"))
    with pytest.raises(GateError, match="the model is not pushed: for 2 rows it answers predicted_score"):
        push(broken, str(tmp_path / "serving"), "run-1", EXAMPLES)
    assert os.listdir(tmp_path / "serving") == []


def test_a_model_that_cannot_read_the_rows_is_refused(model: str, tmp_path: pathlib.Path) -> None:
    rows = [tiny_model.example({"x": "text where a number should be"})]
    with pytest.raises(GateError, match="cannot read these rows"):
        push(saved(model), str(tmp_path / "serving"), "run-1", rows)
    assert os.listdir(tmp_path / "serving") == []


def test_a_model_that_does_not_load_is_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "saved_model.pb").write_bytes(b"no model")
    with pytest.raises(GateError, match="cannot be loaded"):
        push(str(tmp_path / "model"), str(tmp_path / "serving"), "run-1", EXAMPLES)
    assert os.listdir(tmp_path / "serving") == []


def test_a_serving_directory_that_cannot_be_made(model: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot write to the serving directory"):
        push(saved(model), str(tmp_path / "file" / "serving"), "run-1", [])


def test_a_uri_is_no_serving_directory(model: str) -> None:
    with pytest.raises(InputError, match="gs://bucket/serving is a URI"):
        push(saved(model), "gs://bucket/serving", "run-1", [])


def _push_with_little_room(model: str, serving: str, told: multiprocessing.Queue) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    try:
        push(saved(model), serving, "run-1", [])
    except InputError as error:
        told.put(str(error))


def test_no_room_for_the_model_is_told_and_leaves_nothing(model: str, tmp_path: pathlib.Path) -> None:
    fork = multiprocessing.get_context("fork")
    serving, told = str(tmp_path / "serving"), fork.Queue()
    child = fork.Process(target=_push_with_little_room, args=(model, serving, told))
    child.start()
    child.join(60)
    assert "cannot write to the serving directory" in told.get(timeout=5)
    assert os.listdir(serving) == []
