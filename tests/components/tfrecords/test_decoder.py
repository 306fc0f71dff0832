"""tf.Examples as Arrow, against tfx_bsl's own decoder."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.tfrecords import decoder
from components.tfrecords.decoder import Decoder
from components.tfrecords.wire import Irregular

SCHEMA = text_format.Parse(
    """feature { name: "b" type: BYTES } feature { name: "gone" type: FLOAT } feature { name: "i" type: INT }""",
    schema_pb2.Schema(),
)
NO_INTS = np.zeros(0, np.int64)
LONG = b"\xff" * 70_000


def feature(values: Any) -> tf.train.Feature:
    """Of the kind of its first value; None is of no kind."""
    if values is None:
        return tf.train.Feature()
    if isinstance(values, np.ndarray) and values.dtype == np.float32:
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    if isinstance(values, list) and all(isinstance(each, bytes) for each in values):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def record(**columns: Any) -> bytes:
    """A tf.Example with its features in alphabetical order."""
    features = {name: feature(values) for name, values in columns.items()}
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString(deterministic=True)


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


ALIKE = {
    "one value each": [record(b=[b"x"], f=floats(1.5), i=[3]), record(b=[b"\xc3\xa4"], f=floats(-np.inf), i=[300])],
    "lists": [
        record(b=[b"x", b"", b"yz"], f=floats(1, 2), i=[1, -1, 2**62]),
        record(b=[b"", b"a" * 200], f=floats(), i=[-(2**63), 5]),
        record(b=[], f=floats(*range(40)), i=[2**63 - 1]),
    ],
    "some of no kind": [
        record(b=None, f=floats(1), i=[1]),
        record(b=[b"x"], f=None, i=NO_INTS),
        record(b=[], f=None, i=None),
    ],
    "large": [record(b=[LONG, b"x"], f=floats(1), i=[1] * 300), record(b=[b"y"], f=floats(2), i=[2])],
    "a single record": [record(i=[7])],
    "packed, but empty": [b"\x0a\x0b\x0a\x09\x0a\x01i\x12\x04\x1a\x02\x0a\x00"],
    "long names": [record(**{"name" * 20: [1], "other" * 30: floats(1)})] * 3,
    "no features": [record(), record()],
}
OTHERWISE = {
    "nothing": [],
    "other features": [record(b=[b"x"]), record(i=[1])],
    "more features": [record(b=[b"x"]), record(b=[b"x"], i=[1])],
    "of no kind at all": [record(b=None, i=[1]), record(b=None, i=[2])],
    "empty records": [b"", record(i=[1])],
    "not packed": [b"\x0a\x0d\x0a\x0b\x0a\x01i\x12\x06\x1a\x04\x08\x01\x08\x02"],
    "the same feature twice": [b"\x0a\x18" + b"\x0a\x0a\x0a\x01i\x12\x05\x1a\x03\x0a\x01\x01" * 2],
    "values before names": [b"\x0a\x0c\x0a\x0a\x12\x05\x1a\x03\x0a\x01\x01\x0a\x01i"],
}


@pytest.mark.parametrize("schema", [None, SCHEMA], ids=["all", "schema"])
@pytest.mark.parametrize("name", [*ALIKE, *OTHERWISE])
def test_it_is_what_tfx_bsl_makes(name: str, schema: schema_pb2.Schema | None) -> None:
    records = (ALIKE | OTHERWISE)[name]
    stock = ExamplesToRecordBatchDecoder(*([schema.SerializeToString()] if schema else []))
    found, expected = Decoder(schema).decode(records), stock.DecodeBatch(records)
    found.validate(full=True)
    assert found.schema.equals(expected.schema)
    assert found.equals(expected)


@pytest.mark.parametrize("name", ALIKE)
def test_records_that_are_alike_are_not_left_to_tfx_bsl(name: str) -> None:
    decoder._columns(ALIKE[name], None)


@pytest.mark.parametrize("name", OTHERWISE)
def test_others_are(name: str) -> None:
    with pytest.raises(Irregular):
        decoder._columns(OTHERWISE[name], None)


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_record_that_was_cut_off_is_never_half_read(cut: int) -> None:
    whole = record(b=[b"some text"], f=floats(1, 2), i=[1000])
    for records in ([whole[:-cut], whole], [whole, whole[:-cut]]):
        with pytest.raises((RuntimeError, ValueError)):
            pa.RecordBatch.validate(Decoder().decode(records))


def test_another_type_than_the_schemas_is_told_as_tfx_bsl_tells_it() -> None:
    with pytest.raises((RuntimeError, ValueError), match="i"):
        Decoder(SCHEMA).decode([record(i=[b"text"])])


def test_many_random_records() -> None:
    rng = np.random.default_rng(0)
    records = [
        record(
            f=rng.normal(size=rng.integers(0, 3)).astype(np.float32),
            i=rng.integers(-(2**63), 2**63 - 1, rng.integers(0, 3)) >> rng.integers(0, 63),
            t=[bytes(rng.integers(0, 256, rng.integers(0, 300), np.uint8)) for _ in range(rng.integers(0, 3))],
        )
        for _ in range(3000)
    ]
    decoder._columns(records, None)
    assert Decoder().decode(records).equals(ExamplesToRecordBatchDecoder().DecodeBatch(records))
