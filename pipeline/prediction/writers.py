"""How rows and their predictions are written: CSV, JSON Lines or TFRecord."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf

from components.columns import appended
from components.errors import InputError
from components.example_gen.facts import Range
from components.example_gen.formats import Block
from components.example_gen.settings import Settings
from pipeline.prediction.formats import OutputFormat

Columns = Mapping[str, np.ndarray]
Write = Callable[[bytes], Any]
Writer = Callable[[Block, int, Columns], None]


def _csv(write: Write, part: Range, settings: Settings) -> Writer:
    """The cells of the rows, with the predicted cells at their end."""
    header: list[str] = []

    def add(block: Block, start: int, predicted: Columns) -> None:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=settings.delimiter, lineterminator="\n")
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


def _jsonl(write: Write, part: Range, settings: Settings) -> Writer:
    """Objects: the columns of the row, then the predicted ones."""

    def add(block: Block, start: int, predicted: Columns) -> None:
        objects = _objects(block, part, settings.format, start, start + _rows(predicted))
        for row, found in zip(objects, _plain_rows(predicted), strict=True):
            _refuse_taken(part.file, row, predicted)
            whole = {**row, **dict(zip(predicted, found, strict=True))}
            write(json.dumps(whole, ensure_ascii=False).encode() + b"\n")

    return add


def _objects(block: Block, part: Range, input_format: str, start: int, stop: int) -> Iterator[Mapping[str, Any]]:
    if input_format == "csv":
        for cells in _texts(block, part.columns, start, stop):
            yield dict(zip(part.columns, cells, strict=True))
        return
    for row in range(start, stop):
        raw = block.origin.raw(row)
        if input_format == "tfrecord":
            yield {name: _feature(feature) for name, feature in sorted(_features(raw).items())}
        else:
            yield json.loads(raw)


def _features(record: bytes) -> Mapping[str, Any]:
    features: Mapping[str, Any] = tf.train.Example.FromString(record).features.feature
    return features


def _feature(feature: Any) -> Any:
    """A feature's value, a list of its values where it has several, None where it has none."""
    kind = feature.WhichOneof("kind")
    values = [_plain(value) for value in getattr(feature, kind).value] if kind else []
    return values[0] if len(values) == 1 else values or None


def _tfrecord(write: Write, part: Range, settings: Settings) -> Writer:
    """The records, each with the predicted features."""

    def add(block: Block, start: int, predicted: Columns) -> None:
        _refuse_taken(part.file, _features(block.origin.raw(start)), predicted)
        records = [block.origin.raw(row) for row in range(start, start + _rows(predicted))]
        for record in appended(records, predicted):
            write(record)

    return add


WRITERS: Mapping[OutputFormat, Callable[[Write, Range, Settings], Writer]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "tfrecord": _tfrecord,
}


def _refuse_taken(file: str, columns: Iterable[str], predicted: Columns) -> None:
    if taken := sorted(predicted.keys() & set(columns)):
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
