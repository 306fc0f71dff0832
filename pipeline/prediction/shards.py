"""A range of rows, through a model, into one shard."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from components.errors import InputError
from components.example_gen.facts import Range
from components.example_gen.readers import reader
from components.example_gen.settings import Settings
from components.saved_model import Model
from pipeline.prediction.answers import answers
from pipeline.prediction.formats import OutputFormat
from pipeline.prediction.writers import WRITERS


@dataclass(frozen=True)
class Job:
    """What every worker needs to know."""

    model: str
    output_format: OutputFormat
    settings: Settings
    """How the input is read."""
    folder: str
    """Where shards are written until all are complete."""
    batch_size: int


def write(model: Model, job: Job, part: Range, path: str) -> int:
    """Write the shard of a range and return its rows."""
    attempt = f"{path}-{uuid.uuid4().hex}"
    rows = 0
    with _opened(attempt, job.output_format) as write:
        writer = WRITERS[job.output_format](write, part, job.settings)
        for block in reader(job.settings).read(part):
            if block.bad:
                raise InputError(str(block.bad[0]))
            for start in range(0, block.rows, job.batch_size):
                stop = min(block.rows, start + job.batch_size)
                writer(block, start, answers(model, job.settings.format, part.file, block, start, stop))
            rows += block.rows
    os.replace(attempt, path)
    return rows


@contextlib.contextmanager
def _opened(path: str, output_format: OutputFormat) -> Iterator[Callable[[bytes], Any]]:
    """A file; what is written to it is a row's bytes."""
    with tf.io.TFRecordWriter(path) if output_format == "tfrecord" else open(path, "wb") as file:
        yield file.write
