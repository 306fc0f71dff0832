"""The engine of `millrace predict`: rows of files through a pushed model, with memory bounded by the block.

Files are cut into row-aligned ranges like at ingestion; each range becomes one shard, in the order of its rows.
What cannot be read or predicted stops it all, with the file and line, and leaves nothing behind.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Union

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from components.errors import ConfigError, InputError
from components.example_gen.facts import Range
from components.example_gen.readers import reader
from components.example_gen.settings import Settings
from components.example_gen.splits import HashSplits
from components.pusher import versions
from components.serving import Model
from pipeline import prediction_shards
from pipeline.prediction_shards import InputFormat, Job, OutputFormat

_SUFFIXES: dict[str, InputFormat] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".tfrecord": "tfrecord",
    ".tfrecords": "tfrecord",
}
_OUTPUTS: dict[InputFormat, tuple[OutputFormat, ...]] = {
    "csv": ("csv", "jsonl"),
    "jsonl": ("jsonl",),
    "parquet": ("jsonl",),
    "tfrecord": ("jsonl", "tfrecord"),
}
"""What each format can become; the first is the default."""


@dataclass(frozen=True)
class Summary:
    """What was done."""

    rows: int
    files: tuple[str, ...]
    """The shards, in the order of the input."""
    model_version: str
    """The version of a pushed model, or the folder's name."""


@dataclass(frozen=True)
class _File:
    path: str
    size: int
    index: int


@dataclass(frozen=True)
class _Part:
    range: Range
    file: int


@dataclass(frozen=True)
class _Done:
    """A shard, or what stood against it."""

    shard: str
    rows: int
    error: str = ""


def predict(
    model_dir: str,
    inputs: Sequence[str],
    output: str,
    format: InputFormat | None = None,
    output_format: OutputFormat | None = None,
    batch_size: int = 1024,
    delimiter: str = ",",
    beam_args: Sequence[str] = ("--runner=DirectRunner",),
) -> Summary:
    """Send the rows of files through a model.

    Args:
        model_dir: a serving directory, whose current version is taken, or the folder of a SavedModel.
        inputs: files or patterns.
        output: a local folder for the shards; it must hold none yet.
        format: of the input; None goes by the file names.
        output_format: csv (the rows as they are, and the predicted columns), jsonl, or tfrecord for TFRecord input.
        batch_size: rows per call of the model.

    Raises:
        InputError: a file, row or flag is wrong; the message says where.
        GateError: the model cannot be loaded.
    """
    model = _model_folder(model_dir)
    files = _files(inputs)
    input_format = format or _format_of([file.path for file in files])
    written = output_format or _OUTPUTS[input_format][0]
    if written not in _OUTPUTS[input_format]:
        valid = ", ".join(_OUTPUTS[input_format])
        raise InputError(f"{input_format} files cannot become {written}. Valid output formats for them: {valid}")
    Model(model)  # What is wrong with the model itself is said before any row is read.
    partial = _make_output(output)
    settings = Settings(input_format, HashSplits((("all", 1),)), delimiter=delimiter)
    job = Job(model, input_format, written, settings, partial, batch_size)
    try:
        done = _run(job, files, beam_args)
        _refuse([each.error for each in done if each.error])
        for each in done:
            os.rename(os.path.join(partial, each.shard), os.path.join(output, each.shard))
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        # Models that are collected only when the interpreter ends make TensorFlow print errors.
        gc.collect()
    return Summary(
        rows=sum(each.rows for each in done),
        files=tuple(os.path.join(output, each.shard) for each in done),
        model_version=os.path.basename(model),
    )


def _model_folder(model_dir: str) -> str:
    if os.path.isfile(os.path.join(model_dir, "saved_model.pb")):
        return os.path.normpath(model_dir)
    return versions.path_of(model_dir, versions.current(model_dir))


def _files(inputs: Sequence[str]) -> list[_File]:
    found: list[Any] = []
    for pattern in inputs:
        matched = sorted(FileSystems.match([pattern])[0].metadata_list, key=lambda each: str(each.path))
        if not matched:
            raise InputError(f"{pattern}: no file matches")
        found += matched
    return [_File(each.path, each.size_in_bytes, index) for index, each in enumerate(found)]


def _format_of(paths: Sequence[str]) -> InputFormat:
    formats = {_SUFFIXES.get(os.path.splitext(path.removesuffix(".gz"))[1].lower()) for path in paths}
    if len(formats) != 1 or None in formats:
        raise ConfigError(
            f"the format of {', '.join(paths[:3])} cannot be told from the names. "
            f"Name it, one of {', '.join(_OUTPUTS)}; files of several formats need a call each"
        )
    return formats.pop()  # type: ignore[return-value]


def _make_output(output: str) -> str:
    """The hidden folder inside `output` where shards are written."""
    try:
        os.makedirs(output, exist_ok=True)
        present = [name for name in os.listdir(output) if name.startswith("predictions-")]
        if present:
            raise InputError(f"{output} holds predictions already ({sorted(present)[0]}). Name another folder")
        partial = os.path.join(output, f".partial-{uuid.uuid4().hex}")
        os.mkdir(partial)
    except OSError as error:
        raise InputError(f"cannot write to {output}: {error}") from error
    return partial


def _run(job: Job, files: Sequence[_File], beam_args: Sequence[str]) -> list[_Done]:
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
        return sorted((_Done(*json.loads(line)) for line in lines), key=lambda done: done.shard)


def _refuse(errors: Sequence[str]) -> None:
    if errors:
        more = f"\n... and errors in {len(errors) - 1} further parts of the files" if len(errors) > 1 else ""
        raise InputError(f"{errors[0]}{more}")


def _cut(file: _File, settings: Settings) -> list[Union[_Part, _Done]]:
    """The row-aligned ranges of a file, or what is wrong with it."""
    source = reader(settings)
    try:
        scans = [source.scan(chunk) for chunk in source.chunks(file.path, file.size)]
        return [_Part(part, file.index) for part in _numbered(source.plan(scans))]
    except InputError as error:
        return [_Done(f"predictions-{file.index:05d}", 0, str(error))]


def _numbered(parts: Sequence[Range]) -> list[Range]:
    return [
        Range(part.file, part.start, part.stop, part.first_line, part.columns, index, len(parts))
        for index, part in enumerate(parts)
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

    def process(self, part: Union[_Part, _Done]) -> Iterator[_Done]:
        """See the class."""
        assert self._model is not None
        if isinstance(part, _Done):
            yield part
            return
        shard = f"predictions-{part.file:05d}-{part.range.index:05d}.{self._job.output_format}"
        try:
            yield _Done(
                shard,
                prediction_shards.write(self._model, self._job, part.range, os.path.join(self._job.folder, shard)),
            )
        except InputError as error:
            yield _Done(shard, 0, str(error))
        except OSError as error:
            yield _Done(shard, 0, f"cannot write {shard}: {error}")
