"""The Beam pipeline: files are cut into ranges, each range becomes a shard."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Union

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from components.errors import InputError
from components.example_gen.facts import Range
from components.example_gen.readers import reader
from components.example_gen.settings import Settings
from components.saved_model import Model
from pipeline.prediction import shards
from pipeline.prediction.shards import Job

PREFIX = "predictions-"
"""What the names of all shards begin with."""


@dataclass(frozen=True)
class File:
    """A file of rows."""

    path: str
    size: int
    index: int


@dataclass(frozen=True)
class Part:
    """A range of the file of that index."""

    range: Range
    file: int


@dataclass(frozen=True)
class Done:
    """A shard, or what stood against it."""

    shard: str
    rows: int
    error: str = ""


def files(inputs: Sequence[str]) -> list[File]:
    """The files that match `inputs`, in their order, those of a pattern sorted.

    Raises:
        InputError: nothing matches one of them.
    """
    found: list[Any] = []
    for pattern in inputs:
        matched = sorted(FileSystems.match([pattern])[0].metadata_list, key=lambda each: str(each.path))
        if not matched:
            raise InputError(f"{pattern}: no file matches")
        found += matched
    return [File(each.path, each.size_in_bytes, index) for index, each in enumerate(found)]


def run(job: Job, files: Sequence[File], beam_args: Sequence[str] = ("--runner=DirectRunner",)) -> list[Done]:
    """What became of each range, in the order of the rows."""
    result = os.path.join(job.folder, "done.jsonl")
    with beam.Pipeline(options=PipelineOptions(list(beam_args))) as pipeline:
        _ = (
            pipeline
            | "Files" >> beam.Create(files)
            | "SpreadFiles" >> beam.Reshuffle()
            | "Cut" >> beam.FlatMap(_cut, job.settings)
            | "SpreadParts" >> beam.Reshuffle()
            | "Predict" >> beam.ParDo(_Predict(job))
            | "AsJson" >> beam.Map(lambda done: json.dumps([done.shard, done.rows, done.error]))
            | "Tell" >> beam.io.WriteToText(result, shard_name_template="")
        )
    with open(result, encoding="utf-8") as lines:
        return sorted((Done(*json.loads(line)) for line in lines), key=lambda done: done.shard)


def _cut(file: File, settings: Settings) -> list[Union[Part, Done]]:
    """The row-aligned ranges of a file, or what is wrong with it."""
    source = reader(settings)
    try:
        scans = [source.scan(chunk) for chunk in source.chunks(file.path, file.size)]
        ranges = source.plan(scans)
    except InputError as error:
        return [Done(f"{PREFIX}{file.index:05d}", 0, str(error))]
    return [
        Part(dataclasses.replace(part, index=index, count=len(ranges)), file.index) for index, part in enumerate(ranges)
    ]


class _Predict(beam.DoFn):
    """From a range to its shard. Errors are passed on as such: raised, Beam would wrap them."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._model: Model | None = None

    def setup(self) -> None:
        """Load the model."""
        self._model = Model(self._job.model)

    def teardown(self) -> None:
        """Let go of the model."""
        self._model = None

    def process(self, part: Union[Part, Done]) -> Iterator[Done]:
        """See the class."""
        assert self._model is not None
        if isinstance(part, Done):
            yield part
            return
        shard = f"{PREFIX}{part.file:05d}-{part.range.index:05d}.{self._job.output_format}"
        try:
            rows = shards.write(self._model, self._job, part.range, os.path.join(self._job.folder, shard))
            yield Done(shard, rows)
        except InputError as error:
            yield Done(shard, 0, str(error))
        except OSError as error:
            yield Done(shard, 0, f"cannot write {shard}: {error}")
