"""Beam's and TFX's sources over blocks."""

from __future__ import annotations

import pathlib

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.testing.util import assert_that, equal_to
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.tfxio.tf_example_record import TFExampleRecord

from components.example_gen import example_wire
from components.example_gen.cells import Kind, Ragged
from components.tfrecords import source
from components.tfrecords.frames import framed

SCHEMA = text_format.Parse(
    """feature { name: "x" type: INT } feature { name: "y" type: FLOAT }""",
    schema_pb2.Schema(),
)


def rows(start: int, stop: int) -> list[bytes]:
    """tf.Examples with a number x, and z that no schema names."""
    values = pa.array(range(start, stop)).to_numpy()
    column = Ragged(Kind.INT, pa.array(range(len(values) + 1)).to_numpy(), values)
    return example_wire.encode({"x": column, "z": column}, len(values))


@pytest.fixture
def pattern(tmp_path: pathlib.Path) -> str:
    """Of two files."""
    (tmp_path / "rows-0").write_bytes(framed(rows(0, 5)))
    (tmp_path / "rows-1").write_bytes(framed(rows(5, 7)))
    return str(tmp_path / "rows-*")


def test_each_file_is_read_in_lists_of_records(pattern: str) -> None:
    with beam.Pipeline() as pipeline:
        found = pipeline | source.ReadBlocks([pattern], 3)
        assert_that(found, equal_to([rows(0, 3), rows(3, 5), rows(5, 7)]))


def test_the_tfxio_gives_what_tfxs_own_gives(pattern: str) -> None:
    mine = source.BlockTFXIO([pattern], schema=SCHEMA, raw_record_column_name="raw")
    stock = TFExampleRecord([pattern], schema=SCHEMA, raw_record_column_name="raw")
    for ours, theirs, columns in ((mine, stock, ["x", "y"]), (mine.Project(["y"]), stock.Project(["y"]), ["y"])):
        assert ours.ArrowSchema().equals(theirs.ArrowSchema())
        assert ours.ArrowSchema().names == [*columns, "raw"]
        assert ours.TensorAdapter().TypeSpecs() == theirs.TensorAdapter().TypeSpecs()
        with beam.Pipeline() as pipeline:
            found = pipeline | "Mine" >> ours.BeamSource() | "Mine as rows" >> beam.FlatMap(pa.RecordBatch.to_pylist)
            wanted = pipeline | "Stock" >> theirs.BeamSource(2) | "As rows" >> beam.FlatMap(pa.RecordBatch.to_pylist)
            assert_that(
                (found | "Mine, all" >> beam.combiners.ToList(), wanted | "All" >> beam.combiners.ToList())
                | beam.Flatten()
                | beam.Map(lambda many: sorted(many, key=lambda row: row["raw"]))
                | beam.combiners.ToList()
                | beam.Map(lambda both: both[0] == both[1] and len(both[0])),
                equal_to([7]),
            )


def test_the_tfxio_gives_the_records_themselves(pattern: str) -> None:
    with beam.Pipeline() as pipeline:
        assert_that(pipeline | source.BlockTFXIO([pattern]).RawRecordBeamSource(), equal_to(rows(0, 7)))


def test_batches_can_be_asked_for_by_size(pattern: str) -> None:
    with beam.Pipeline() as pipeline:
        sizes = pipeline | source.BlockTFXIO([pattern]).BeamSource(4) | beam.Map(lambda batch: batch.num_rows)
        assert_that(sizes, equal_to([4, 1, 2]))
