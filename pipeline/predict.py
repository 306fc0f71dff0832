"""The engine of `millrace predict`: rows of files through a pushed model, with memory bounded by the block.

Files are cut into row-aligned ranges like at ingestion; each range becomes one shard, in the order of its rows.
What cannot be read or predicted stops it all, with the file and line, and leaves nothing behind.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union

import apache_beam as beam
import numpy as np
import tensorflow as tf
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.utils.shared import Shared

from components.errors import ConfigError, InputError
from components.example_gen.cells import Cells, Kind, shown
from components.example_gen.facts import Range
from components.example_gen.formats import Block
from components.example_gen.readers import reader
from components.example_gen.settings import Settings
from components.example_gen.splits import HashSplits
from components.predictions import appended
from components.pusher import versions
from components.serving import Model
from pipeline.config.record import close_matches

InputFormat = Literal["csv", "jsonl", "parquet", "tfrecord"]
OutputFormat = Literal["csv", "jsonl", "tfrecord"]
Columns = dict[str, np.ndarray]

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
class _Job:
    """What every worker needs to know."""

    model: str
    input_format: InputFormat
    output_format: OutputFormat
    settings: Settings
    folder: str
    """Where shards are written until all are complete."""
    batch_size: int


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
    job = _Job(model, input_format, written, settings, partial, batch_size)
    try:
        done = _run(job, files, beam_args)
        _refuse([each.error for each in done if each.error])
        for each in done:
            os.rename(os.path.join(partial, each.shard), os.path.join(output, each.shard))
    finally:
        shutil.rmtree(partial, ignore_errors=True)
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


def _run(job: _Job, files: Sequence[_File], beam_args: Sequence[str]) -> list[_Done]:
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

    def __init__(self, job: _Job) -> None:
        self._job = job
        self._shared = Shared()
        self._model: Model | None = None

    def setup(self) -> None:
        """Load the model, once per process."""
        self._model = self._shared.acquire(lambda: Model(self._job.model))

    def process(self, part: Union[_Part, _Done]) -> Iterator[_Done]:
        """See the class."""
        assert self._model is not None
        if isinstance(part, _Done):
            yield part
            return
        shard = f"predictions-{part.file:05d}-{part.range.index:05d}.{self._job.output_format}"
        try:
            yield _Done(shard, _write(self._model, self._job, part.range, os.path.join(self._job.folder, shard)))
        except InputError as error:
            yield _Done(shard, 0, str(error))
        except OSError as error:
            yield _Done(shard, 0, f"cannot write {shard}: {error}")


def _write(model: Model, job: _Job, part: Range, path: str) -> int:
    """Write the shard of a range and return its rows."""
    attempt = f"{path}-{uuid.uuid4().hex}"
    rows = 0
    with _opened(attempt, job.output_format) as write:
        writer = _WRITERS[job.output_format](write, part, job, model)
        for block in reader(job.settings).read(part):
            if block.bad:
                raise InputError(str(block.bad[0]))
            for start in range(0, block.rows, job.batch_size):
                stop = min(block.rows, start + job.batch_size)
                writer(block, start, _predicted(model, job, part, block, start, stop))
            rows += block.rows
    os.replace(attempt, path)
    return rows


class _opened:
    """A file for the rows of a shard; what is written to it is a row's bytes."""

    def __init__(self, path: str, output_format: OutputFormat) -> None:
        self._file: Any = tf.io.TFRecordWriter(path) if output_format == "tfrecord" else open(path, "wb")  # noqa: SIM115

    def __enter__(self) -> Callable[[bytes], Any]:
        return self._file.write

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _predicted(model: Model, job: _Job, part: Range, block: Block, start: int, stop: int) -> Columns:
    """The predicted columns of some rows of a block."""
    if job.input_format == "tfrecord":
        try:
            return model.of_examples([block.origin.raw(row) for row in range(start, stop)])
        except InputError as error:
            raise InputError(f"{part.file}, from {block.origin.place(start)}: {error}") from error
    columns = {}
    for name, is_text in model.columns.items():
        if name not in block.columns:
            known = ", ".join(block.columns)
            hint = close_matches(name, list(block.columns))
            raise InputError(f"{part.file}: the model needs a column {name!r}.{hint} The file has: {known}")
        cells = block.columns[name].slice(start, stop)
        texts = np.array(cells.texts().to_pylist(), object) if is_text else None
        columns[name] = _numbers(cells, part, block, start, name) if texts is None else texts
    return model.of_columns(columns)


def _numbers(cells: Cells, part: Range, block: Block, start: int, name: str) -> np.ndarray:
    """The cells as float64, NaN where missing."""
    if cells.infer().kind == Kind.BYTES:
        for row, text in enumerate(cells.texts().to_pylist()):
            if text and not _is_number(text):
                place = block.origin.place(start + row)
                raise InputError(f"{part.file}, {place}: expected a number in {name!r}. Received: {shown(text)!r}")
    return cells.numbers().astype(np.float64)


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


Writer = Callable[[Block, int, Columns], None]


def _csv(write: Callable[[bytes], Any], part: Range, job: _Job, model: Model) -> Writer:
    """The rows as they stand in the file, each with the predicted cells at its end."""
    delimiter = job.settings.delimiter
    header: list[str] = []

    def add(block: Block, start: int, predicted: Columns) -> None:
        if not header:
            _refuse_taken(part.file, part.columns, predicted)
            header.extend(predicted)
            write(_csv_row([*part.columns, *predicted], delimiter))
        rows = zip(*(values.tolist() for values in predicted.values()), strict=True)
        for row, cells in enumerate(rows, start):
            write(block.origin.raw(row) + delimiter.encode() + _csv_row([_plain(cell) for cell in cells], delimiter))

    return add


def _csv_row(cells: Sequence[Any], delimiter: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def _jsonl(write: Callable[[bytes], Any], part: Range, job: _Job, model: Model) -> Writer:
    """Objects: the columns of the row, then the predicted ones."""

    def add(block: Block, start: int, predicted: Columns) -> None:
        _refuse_taken(part.file, tuple(block.columns), predicted)
        rows = zip(*(values.tolist() for values in predicted.values()), strict=True)
        for row, cells in enumerate(rows, start):
            found = _object(block, row, job.input_format)
            found.update({name: _plain(cell) for name, cell in zip(predicted, cells, strict=True)})
            write(json.dumps(found, ensure_ascii=False).encode() + b"\n")

    return add


def _object(block: Block, row: int, input_format: InputFormat) -> dict[str, Any]:
    raw = block.origin.raw(row)
    if input_format == "tfrecord":
        features = tf.train.Example.FromString(raw).features.feature
        return {name: _feature(feature) for name, feature in sorted(features.items())}
    if input_format == "csv":
        return {name: cells.slice(row, row + 1).texts()[0].as_py().decode() for name, cells in block.columns.items()}
    found: dict[str, Any] = json.loads(raw)
    return found


def _feature(feature: Any) -> Any:
    """A feature's value, a list of its values where it has several, None where it has none."""
    kind = feature.WhichOneof("kind")
    values = [_plain(value) for value in getattr(feature, kind).value] if kind else []
    return values[0] if len(values) == 1 else values or None


def _tfrecord(write: Callable[[bytes], Any], part: Range, job: _Job, model: Model) -> Writer:
    """The records, each with the predicted features."""

    def add(block: Block, start: int, predicted: Columns) -> None:
        names = list(predicted)
        rows = zip(*(values.tolist() for values in predicted.values()), strict=True)
        for row, cells in enumerate(rows, start):
            write(appended(block.origin.raw(row), dict(zip(names, cells, strict=True))))

    return add


_WRITERS = {"csv": _csv, "jsonl": _jsonl, "tfrecord": _tfrecord}


def _refuse_taken(file: str, columns: Sequence[str], predicted: Columns) -> None:
    taken = sorted(set(columns) & set(predicted))
    if taken:
        raise InputError(f"{file}: columns are called {', '.join(taken)}, as the predictions are. Rename them")


def _plain(value: Any) -> Any:
    """A value as text or number, a float in as few digits as float32 needs."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, float):
        return float(f"{value:.7g}") if math.isfinite(value) else None
    return value
