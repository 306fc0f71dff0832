"""Examples read in blocks: TFRecord files as streams, thousands of records at a time.

Beam's own reader hands over record by record, and takes longer for that than everything that is done with them.
"""

from collections.abc import Sequence
from typing import Any, Optional

import apache_beam as beam
import pyarrow as pa
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.tfxio import tensor_representation_util
from tfx_bsl.tfxio.record_based_tfxio import AppendRawRecordColumn
from tfx_bsl.tfxio.tf_example_record import TFExampleRecord

from components.tfrecords import blocks
from components.tfrecords.decoder import Decoder


@beam.typehints.with_input_types(beam.Pipeline)
@beam.typehints.with_output_types(list[bytes])
class ReadBlocks(beam.PTransform):
    """The records of TFRecord files, in lists; a file is read by one worker, in order, and never as a whole."""

    def __init__(self, patterns: Sequence[str], rows: int = blocks.ROWS) -> None:
        """Args:
        patterns: of the files, matched when the pipeline runs; those that end in .gz are GZIP.
        rows: how many records a list has at most. It has fewer where they are large.
        """
        super().__init__()
        self._patterns = list(patterns)
        self._rows = rows

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        """See Beam."""
        return pipeline | "Files" >> ReadFiles(self._patterns) | "Blocks" >> beam.FlatMap(_blocks, self._rows)


@beam.typehints.with_input_types(beam.Pipeline)
@beam.typehints.with_output_types(str)
class ReadFiles(beam.PTransform):
    """The names of files, spread over the workers; for steps that want a file as a whole."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Args:
        patterns: of the files, matched when the pipeline runs.
        """
        super().__init__()
        self._patterns = list(patterns)

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        """See Beam."""
        return (
            pipeline
            | "Patterns" >> beam.Create(self._patterns, reshuffle=False)
            | "Match" >> beam.FlatMap(_matching)
            | "Spread" >> beam.Reshuffle()
        )


class BlockTFXIO(TFExampleRecord):
    """TFX's TFXIO of tf.Examples in TFRecord files, over `ReadBlocks`: a record batch is a block."""

    def BeamSource(self, batch_size: Optional[int] = None) -> beam.PTransform:
        """See TFXIO. It tells Beam's counters nothing about the batches, as TFX's own does feature by feature."""
        return _Batches(
            self._file_pattern, batch_size or blocks.ROWS, self._GetSchemaForDecoding(), self.raw_record_column_name
        )

    def _RawRecordBeamSourceInternal(self) -> beam.PTransform:
        return _Records(self._file_pattern)

    def _ProjectImpl(self, tensor_names: list[str]) -> "BlockTFXIO":
        return BlockTFXIO(
            file_pattern=self._file_pattern,
            schema=tensor_representation_util.ProjectTensorRepresentationsInSchema(self._schema, tensor_names),
            raw_record_column_name=self.raw_record_column_name,
            telemetry_descriptors=self.telemetry_descriptors,
        )


@beam.typehints.with_input_types(beam.Pipeline)
@beam.typehints.with_output_types(pa.RecordBatch)
class _Batches(beam.PTransform):
    def __init__(
        self, patterns: Sequence[str], rows: int, schema: Optional[schema_pb2.Schema], raw_column: Optional[str]
    ) -> None:
        super().__init__()
        self._patterns = patterns
        self._rows = rows
        self._decode = Decode(schema, raw_column)

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        return pipeline | "Read" >> ReadBlocks(self._patterns, self._rows) | "Decode" >> beam.ParDo(self._decode)


@beam.typehints.with_input_types(beam.Pipeline)
@beam.typehints.with_output_types(bytes)
class _Records(beam.PTransform):
    def __init__(self, patterns: Sequence[str]) -> None:
        super().__init__()
        self._patterns = patterns

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        return pipeline | "Read" >> ReadBlocks(self._patterns) | "Each" >> beam.FlatMap(lambda block: block)


@beam.typehints.with_input_types(list[bytes])
@beam.typehints.with_output_types(pa.RecordBatch)
class Decode(beam.DoFn):
    """Serialised tf.Examples → a record batch, by `schema`'s columns where there is one."""

    def __init__(self, schema: Optional[schema_pb2.Schema] = None, raw_column: Optional[str] = None) -> None:
        """Args:
        schema: what to decode, and as what; without one all that a block holds.
        raw_column: a last column of this name holds the records themselves, as TFX's readers write it.
        """
        # As bytes: a message of a schema is not pickled everywhere.
        self._schema = None if schema is None else schema.SerializeToString()
        self._raw_column = raw_column
        self._decoder: Any = None

    def setup(self) -> None:
        """See Beam."""
        schema = None if self._schema is None else schema_pb2.Schema.FromString(self._schema)
        self._decoder = Decoder(schema)

    def process(self, block: list[bytes]) -> Any:
        """See Beam."""
        batch = self._decoder.decode(block)
        yield batch if self._raw_column is None else AppendRawRecordColumn(batch, self._raw_column, block)


def _matching(pattern: str) -> list[str]:
    return sorted(tf.io.gfile.glob(pattern))


def _blocks(path: str, rows: int) -> Any:
    return blocks.blocks([path], rows)
