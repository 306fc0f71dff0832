"""From a pushed model and files to shards with its predictions, all of them or none."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from components.errors import InputError
from components.example_gen.settings import Settings
from components.example_gen.splits import HashSplits
from components.pusher import versions
from components.saved_model import Model
from pipeline.prediction import formats, steps
from pipeline.prediction.formats import InputFormat, OutputFormat
from pipeline.prediction.shards import Job

Run: TypeAlias = Callable[[Job, Sequence[steps.File]], list[steps.Done]]
"""From what to do with which files to what became of each range of them."""


@dataclass(frozen=True)
class Summary:
    """What was done."""

    rows: int
    files: tuple[str, ...]
    """The shards, in the order of the input."""
    model_version: str
    """The version of a pushed model, or the folder's name."""


def predict(
    model_dir: str,
    inputs: Sequence[str],
    output: str,
    format: InputFormat | None = None,
    output_format: OutputFormat | None = None,
    batch_size: int = 1024,
    delimiter: str = ",",
    run: Run = steps.run,
) -> Summary:
    """Send the rows of files through a model.

    Args:
        model_dir: a serving directory, whose current version is taken, or the folder of a SavedModel.
        inputs: files or patterns.
        output: a folder that the workers share; it must hold no predictions yet.
        format: of the input; None goes by the file names.
        output_format: csv (the rows as they are, and the predicted columns), jsonl, or tfrecord for TFRecord input.
        batch_size: rows per call of the model.
        run: what runs the Beam pipeline.

    Raises:
        InputError: a file, row or flag is wrong; the message says where.
        GateError: the model cannot be loaded.
    """
    model = _model_folder(model_dir)
    files = steps.files(inputs)
    read = format or formats.input_format([file.path for file in files])
    written = formats.output_format(read, output_format)
    Model(model)  # What is wrong with the model itself is said before any row is read.
    with _hidden_folder(output) as hidden:
        settings = Settings(read, HashSplits((("all", 1),)), delimiter=delimiter)
        done = run(Job(model, written, settings, hidden, batch_size), files)
        _refuse([each.error for each in done if each.error])
        shards = [_move(each.shard, hidden, output) for each in done]
    return Summary(sum(each.rows for each in done), tuple(shards), os.path.basename(model))


def _model_folder(model_dir: str) -> str:
    if os.path.isfile(os.path.join(model_dir, "saved_model.pb")):
        return os.path.normpath(model_dir)
    return versions.path_of(model_dir, versions.current(model_dir))


@contextlib.contextmanager
def _hidden_folder(output: str) -> Iterator[str]:
    """A folder inside `output` for shards that are not complete yet; gone afterwards."""
    try:
        os.makedirs(output, exist_ok=True)
        present = [name for name in os.listdir(output) if name.startswith(steps.PREFIX)]
        if present:
            raise InputError(f"{output} holds predictions already ({min(present)}). Name another folder")
        hidden = os.path.join(output, f".partial-{uuid.uuid4().hex}")
        os.mkdir(hidden)
    except OSError as error:
        raise InputError(f"cannot write to {output}: {error}") from error
    try:
        yield hidden
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
        # Models that are collected only when the interpreter ends make TensorFlow print errors.
        gc.collect()


def _refuse(errors: Sequence[str]) -> None:
    if errors:
        more = f"\n... and errors in {len(errors) - 1} further parts of the files" if len(errors) > 1 else ""
        raise InputError(f"{errors[0]}{more}")


def _move(shard: str, source: str, target: str) -> str:
    os.rename(os.path.join(source, shard), os.path.join(target, shard))
    return os.path.join(target, shard)
