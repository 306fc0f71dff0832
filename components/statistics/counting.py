"""Examples counted by TFDV: few without Beam, which takes seconds to begin, and many with it."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder
from tfx_bsl.public import tfxio

from components import examples
from components.batches import batches
from components.statistics import direct

FEW_BYTES = 8 << 20
"""Of compressed examples. With Beam on one machine, that many take as long as without it."""
_BATCH = 4096


def write(
    examples_of: Mapping[str, Sequence[str]],
    options: tfdv.StatsOptions,
    without: Collection[str],
    make_pipeline: Callable[[], beam.Pipeline],
) -> None:
    """Write files of statistics. Memory does not grow with the examples.

    Args:
        examples_of: patterns of TFRecord files of examples, by the file of statistics that they are counted into.
        options: TFDV's; the slices among them are counted, too.
        without: columns to leave out.
        make_pipeline: what to run on where there are many.
    """
    files = {path: _matching(patterns) for path, patterns in examples_of.items()}
    if sum(tf.io.gfile.stat(each).length for many in files.values() for each in many) <= FEW_BYTES:
        for path, many in files.items():
            _save(path, direct.statistics(record_batches(many, without), options).SerializeToString())
        return
    with make_pipeline() as pipeline:
        for number, (path, patterns) in enumerate(examples_of.items()):
            _ = (
                pipeline
                | f"Read[{number}]" >> source(patterns)
                | f"Counted[{number}]" >> beam.Map(counted, without)
                | f"Statistics[{number}]" >> tfdv.GenerateStatistics(options)
                | f"Write[{number}]" >> tfdv.WriteStatisticsToBinaryFile(path)
            )


def source(patterns: Sequence[str]) -> beam.PTransform:
    """The examples in TFRecord files, in batches."""
    return tfxio.TFExampleRecord(list(patterns), telemetry_descriptors=["Statistics"]).BeamSource()


def record_batches(files: Sequence[str], without: Collection[str]) -> Iterator[pa.RecordBatch]:
    """The examples of `files` without the columns called `without`, some at a time."""
    decoder = ExamplesToRecordBatchDecoder()
    for records in batches(examples.records(files), _BATCH):
        yield counted(decoder.DecodeBatch(records), without)


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
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(content)
