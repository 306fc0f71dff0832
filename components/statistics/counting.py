"""Examples counted by TFDV: few without Beam, which takes seconds to begin, and many with it, file by file."""

import functools
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Optional

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf
import tensorflow_data_validation as tfdv

from components.statistics.direct import Counter, Counts
from components.tfrecords import shards
from components.tfrecords.blocks import blocks
from components.tfrecords.decoder import Decoder

FEW_BYTES = 8 << 20
"""Of compressed examples. With Beam on one machine, that many take as long as without it."""


def write(
    examples_of: Mapping[str, Sequence[str]],
    options: tfdv.StatsOptions,
    without: Collection[str],
    make_pipeline: Callable[[], beam.Pipeline],
) -> None:
    """Write files of statistics. Memory does not grow with the examples, but with their different texts.

    Args:
        examples_of: patterns of TFRecord files of examples, by the file of statistics that they are counted into.
        options: TFDV's; the slices among them are counted, too.
        without: columns to leave out.
        make_pipeline: what to run on where there are many.
    """
    files = {path: _matching(patterns) for path, patterns in examples_of.items()}
    if sum(tf.io.gfile.stat(each).length for many in files.values() for each in many) <= FEW_BYTES:
        counter = Counter(options)
        for path, many in files.items():
            _save(path, counter.statistics(counter.count(record_batches(many, without))).SerializeToString())
        return
    with make_pipeline() as pipeline:
        _ = pipeline | _Statistics(files, options, without)


class _Statistics(beam.PTransform):
    """Counts each file where it is read; only what was counted passes between workers, and is merged."""

    def __init__(
        self, files: Mapping[str, Sequence[str]], options: tfdv.StatsOptions, without: Collection[str]
    ) -> None:
        super().__init__()
        # A file of statistics of no examples is written, too.
        self._inputs = [(path, file) for path, many in files.items() for file in (*many, None)]
        self._options = options
        self._without = frozenset(without)

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        return (
            pipeline
            | "Files" >> beam.Create(self._inputs)
            | "Spread" >> beam.Reshuffle()
            | "Count" >> beam.ParDo(_Count(self._options, self._without))
            | "Merge" >> beam.CombinePerKey(_Merge(self._options))
            | "Write" >> beam.MapTuple(_save)
        )


class _Count(beam.DoFn):
    """(path, file of examples) → (path, what was counted of it)."""

    def __init__(self, options: tfdv.StatsOptions, without: Collection[str]) -> None:
        self._options = options
        self._without = without
        self._counter: Any = None

    def setup(self) -> None:
        self._counter = Counter(self._options)

    def process(self, element: tuple[str, Optional[str]]) -> Iterator[tuple[str, Counts]]:
        path, file = element
        yield path, self._counter.count(record_batches([file] if file else [], self._without))


class _Merge(beam.CombineFn):
    """What was counted → serialised statistics."""

    def __init__(self, options: tfdv.StatsOptions) -> None:
        self._options = options
        self._counter: Any = None

    def setup(self) -> None:
        self._counter = Counter(self._options)

    def create_accumulator(self) -> Counts:
        return {}

    def add_input(self, counts: Counts, more: Counts) -> Counts:
        return self._counter.merge(counts, more)

    def merge_accumulators(self, many: Iterable[Counts]) -> Counts:
        return functools.reduce(self._counter.merge, many)

    def extract_output(self, counts: Counts) -> bytes:
        return self._counter.statistics(counts).SerializeToString()


def record_batches(files: Sequence[str], without: Collection[str]) -> Iterator[pa.RecordBatch]:
    """The examples of `files` without the columns called `without`, some at a time."""
    decoder = Decoder()
    for block in blocks(files):
        yield counted(decoder.decode(block), without)


def without_columns(batch: pa.RecordBatch, names: Collection[str]) -> pa.RecordBatch:
    """`batch` without the columns called `names`; it need not have them."""
    kept = [index for index, name in enumerate(batch.schema.names) if name not in names]
    return pa.RecordBatch.from_arrays([batch.column(index) for index in kept], [batch.schema.names[i] for i in kept])


def counted(batch: pa.RecordBatch, without: Collection[str]) -> pa.RecordBatch:
    """What TFDV is to count of `batch`: no column of `without`, and an empty list as a missing value.

    TFX writes a missing cell as an empty list, which TFDV counts as present: its schemas would ask for it in all rows,
    and its validation would not see that it is gone.
    """
    kept = without_columns(batch, without)
    return pa.RecordBatch.from_arrays([_with_nulls(column) for column in kept.columns], kept.schema.names)


def _with_nulls(column: pa.Array) -> pa.Array:
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        return column
    empty = pc.equal(pc.list_value_length(column), 0)
    return pc.if_else(empty, pa.scalar(None, column.type), column) if pc.any(empty).as_py() else column


def _matching(patterns: Sequence[str]) -> list[str]:
    return [file for pattern in patterns for file in sorted(tf.io.gfile.glob(pattern))]


def _save(path: str, content: bytes) -> None:
    shards.write_bytes(path, os.path.dirname(path), [content])
