"""A range of rows, through a model, into one shard: CSV, JSON Lines or TFRecord."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import tensorflow as tf

from components.errors import InputError
from components.example_gen.cells import Cells, Kind, shown
from components.example_gen.facts import Range
from components.example_gen.formats import Block
from components.example_gen.readers import reader
from components.example_gen.settings import Settings
from components.predictions import appended
from components.serving import Model
from pipeline.config.record import close_matches

InputFormat = Literal["csv", "jsonl", "parquet", "tfrecord"]
OutputFormat = Literal["csv", "jsonl", "tfrecord"]
Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Job:
    """What every worker needs to know."""

    model: str
    input_format: InputFormat
    output_format: OutputFormat
    settings: Settings
    folder: str
    """Where shards are written until all are complete."""
    batch_size: int


def write(model: Model, job: Job, part: Range, path: str) -> int:
    """Write the shard of a range and return its rows."""
    attempt = f"{path}-{uuid.uuid4().hex}"
    rows = 0
    with _opened(attempt, job.output_format) as write:
        writer = _WRITERS[job.output_format](write, part, job)
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


def _predicted(model: Model, job: Job, part: Range, block: Block, start: int, stop: int) -> Columns:
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


def _csv(write: Callable[[bytes], Any], part: Range, job: Job) -> Writer:
    """The cells of the rows, with the predicted cells at their end."""
    header: list[str] = []

    def add(block: Block, start: int, predicted: Columns) -> None:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=job.settings.delimiter, lineterminator="\n")
        if not header:
            _refuse_taken(part.file, part.columns, predicted)
            header.extend([*part.columns, *predicted])
            writer.writerow(header)
        cells = _texts(block, part.columns, start, start + _rows(predicted))
        writer.writerows(row + found for row, found in zip(cells, _plain_rows(predicted), strict=True))
        write(text.getvalue().encode())

    return add


def _texts(block: Block, names: Sequence[str], start: int, stop: int) -> Iterator[tuple[str, ...]]:
    """The rows' cells as they stand in the file."""
    columns = [block.columns[name].slice(start, stop).texts().cast(pa.utf8()).to_pylist() for name in names]
    return zip(*columns, strict=True)


def _jsonl(write: Callable[[bytes], Any], part: Range, job: Job) -> Writer:
    """Objects: the columns of the row, then the predicted ones."""

    def add(block: Block, start: int, predicted: Columns) -> None:
        _refuse_taken(part.file, tuple(block.columns), predicted)
        objects = _objects(block, part, job.input_format, start, start + _rows(predicted))
        for row, found in zip(objects, _plain_rows(predicted), strict=True):
            whole = {**row, **dict(zip(predicted, found, strict=True))}
            write(json.dumps(whole, ensure_ascii=False).encode() + b"\n")

    return add


def _objects(
    block: Block, part: Range, input_format: InputFormat, start: int, stop: int
) -> Iterator[Mapping[str, Any]]:
    if input_format == "csv":
        for cells in _texts(block, part.columns, start, stop):
            yield dict(zip(part.columns, cells, strict=True))
        return
    for row in range(start, stop):
        raw = block.origin.raw(row)
        if input_format == "tfrecord":
            features = tf.train.Example.FromString(raw).features.feature
            yield {name: _feature(feature) for name, feature in sorted(features.items())}
        else:
            yield json.loads(raw)


def _feature(feature: Any) -> Any:
    """A feature's value, a list of its values where it has several, None where it has none."""
    kind = feature.WhichOneof("kind")
    values = [_plain(value) for value in getattr(feature, kind).value] if kind else []
    return values[0] if len(values) == 1 else values or None


def _tfrecord(write: Callable[[bytes], Any], part: Range, job: Job) -> Writer:
    """The records, each with the predicted features."""

    def add(block: Block, start: int, predicted: Columns) -> None:
        names = list(predicted)
        found = zip(*(values.tolist() for values in predicted.values()), strict=True)
        for row, cells in enumerate(found, start):
            write(appended(block.origin.raw(row), dict(zip(names, cells, strict=True))))

    return add


_WRITERS = {"csv": _csv, "jsonl": _jsonl, "tfrecord": _tfrecord}


def _refuse_taken(file: str, columns: Sequence[str], predicted: Columns) -> None:
    taken = sorted(set(columns) & set(predicted))
    if taken:
        raise InputError(f"{file}: columns are called {', '.join(taken)}, as the predictions are. Rename them")


def _rows(predicted: Columns) -> int:
    return len(next(iter(predicted.values())))


def _plain_rows(predicted: Columns) -> Iterator[tuple[Any, ...]]:
    """The predictions row by row, as text and numbers."""
    return zip(*([_plain(value) for value in values.tolist()] for values in predicted.values()), strict=True)


def _plain(value: Any) -> Any:
    """A value as text or number, a float in as few digits as float32 needs."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, float):
        return float(f"{value:.7g}") if math.isfinite(value) else None
    return value
