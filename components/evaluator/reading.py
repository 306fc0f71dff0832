"""Examples for TFMA, in batches that a model can take."""

from collections.abc import Iterable, Iterator, Sequence

import apache_beam as beam
import pyarrow as pa
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_model_analysis import constants

from components.tfrecords.source import BlockTFXIO

_BYTES = 2 << 20
"""A batch has so many at most: of 1024 images of 224x224 the first convolution of a ResNet-50 makes 3.3 GB."""


def source(patterns: Sequence[str], schema: schema_pb2.Schema) -> BlockTFXIO:
    """The examples in TFRecord files: the columns of `schema`, and the records themselves where TFMA wants them."""
    return BlockTFXIO(
        list(patterns),
        schema=schema,
        raw_record_column_name=constants.ARROW_INPUT_COLUMN,
        telemetry_descriptors=["Evaluator"],
    )


@beam.typehints.with_input_types(pa.RecordBatch)
@beam.typehints.with_output_types(pa.RecordBatch)
class Cut(beam.DoFn):
    """Batches no larger than a model can take."""

    def process(self, batch: pa.RecordBatch) -> Iterable[pa.RecordBatch]:
        """See Beam."""
        return cut(batch)


def cut(batch: pa.RecordBatch, size: int = _BYTES) -> Iterator[pa.RecordBatch]:
    """A batch in parts of about `size` bytes, of a row at least."""
    rows = max(1, batch.num_rows * size // max(1, batch.nbytes))
    return (batch.slice(start, rows) for start in range(0, batch.num_rows, rows))
