"""From a blessed model to a version in the serving directory: stage, verify, one rename."""

import datetime
import hashlib
import os
from typing import Any

import numpy as np
import tensorflow as tf
from absl import logging
from tfx import types
from tfx.components.util import model_utils
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components import examples as example_files
from components import saved_model, saved_signatures
from components.errors import GateError, InputError
from components.pusher import driver, versions
from components.pusher.staging import staging

_VERIFIED_ROWS = 8


class Executor(base_executor.BaseExecutor):
    """Pushes a model that was blessed; one that was not is marked as not pushed, and nothing is raised."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Sets `pushed` (0 or 1), `pushed_destination` and `pushed_version` on the PushedModel, like TFX's Pusher.

        Its `model_uri` says of which model.
        """
        outcome = artifact_utils.get_single_instance(output_dict["pushed_model"])
        blessing = artifact_utils.get_single_instance(input_dict["model_blessing"])
        if not model_utils.is_model_blessed(blessing):
            logging.info("The model was not blessed, so it is not pushed.")
            outcome.set_int_custom_property("pushed", 0)
            return
        model = artifact_utils.get_single_instance(input_dict["model"])
        pushed = push(
            saved_signatures.folder_of(model),
            exec_properties["serving_dir"],
            run_id=self._context.pipeline_run_id if self._context else "",
            rows=example_files.first_records(input_dict.get("examples", []), _VERIFIED_ROWS),
        )
        outcome.set_int_custom_property("pushed", 1)
        outcome.set_string_custom_property(driver.MODEL, model.uri)
        outcome.set_string_custom_property(driver.DESTINATION, pushed.path)
        outcome.set_string_custom_property(driver.VERSION, str(pushed.version))


def push(model: str, serving_dir: str, run_id: str, rows: list[bytes]) -> versions.Pushed:
    """Make the SavedModel in `model` the next version, or find the version that this very push made before.

    Args:
        model: a folder or URI.
        serving_dir: a local folder (or a mounted volume).
        run_id: the run that pushes; a resumed run pushes the same model once.
        rows: serialised tf.Examples that the staged model must answer.

    Raises:
        InputError: the serving directory cannot be written.
        GateError: the staged model does not load, or does not answer with finite numbers.
    """
    if "://" in serving_dir:
        raise InputError(
            f"pusher.path: {serving_dir} is a URI, and an object store has no rename that shows a model whole or not "
            "at all. Give a folder or a mounted volume"
        )
    record = versions.Record(
        model_uri=model,
        model_digest=digest(model),
        run_id=run_id,
        pushed=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    )
    try:
        before = versions.find(serving_dir, record)
        if before:
            logging.info("This model is version %d already.", before.version)
            return before
        with staging(serving_dir) as stage:
            _copy(model, stage.path)
            verify(stage.path, rows)
            return versions.Pushed(stage.version, stage.commit(record), record)
    except (OSError, tf.errors.OpError) as error:
        raise versions.unwritable(serving_dir, error) from error


def verify(folder: str, rows: list[bytes]) -> None:
    """Load the model and let it answer.

    Raises:
        GateError: it cannot be loaded, or an answer is missing or not a finite number.
    """
    model = saved_model.Model(folder)
    if not rows:
        return
    try:
        answers = model.of_examples(rows)
    except InputError as error:
        raise GateError(f"the model is not pushed: {error}") from error
    for name, values in answers.items():
        is_number = np.issubdtype(values.dtype, np.floating)
        if len(values) != len(rows) or (is_number and not np.isfinite(values).all()):
            raise GateError(
                f"the model is not pushed: for {len(rows)} rows it answers {name} = {values.tolist()}, "
                "expected a finite value for each"
            )


def _copy(source: str, target: str) -> None:
    """Copy what is in a folder or under a URI into a folder that exists, and is kept: it is locked."""
    for parent, folders, names in tf.io.gfile.walk(source):
        inside = os.path.normpath(os.path.join(target, os.path.relpath(parent, source)))
        for folder in folders:
            os.mkdir(os.path.join(inside, folder.rstrip("/")))
        for name in names:
            tf.io.gfile.copy(os.path.join(parent, name), os.path.join(inside, name))


def digest(folder: str) -> str:
    """SHA-256 over the names and contents of all files in a folder."""
    result = hashlib.sha256()
    for parent, _, names in sorted(tf.io.gfile.walk(folder)):
        for name in sorted(names):
            path = os.path.join(parent, name)
            result.update(f"{os.path.relpath(path, folder)}\0{tf.io.gfile.stat(path).length}\0".encode())
            with tf.io.gfile.GFile(path, "rb") as file:
                while chunk := file.read(1 << 20):
                    result.update(chunk)
    return result.hexdigest()
