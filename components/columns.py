"""Columns that are appended to serialised tf.Examples, whose other bytes stay as they are.

Parsers merge serialised messages that follow each other, and of a map's equal keys the last one counts:
https://protobuf.dev/programming-guides/encoding/#last-one-wins.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pyarrow as pa
from tensorflow.core.example import example_pb2

from components.errors import InputError
from components.example_gen import example_wire
from components.example_gen.cells import Kind, Ragged


def appended(records: Sequence[bytes], columns: Mapping[str, np.ndarray]) -> list[bytes]:
    """The records with further columns, each [n] or [n, values]: numbers, or bytes as TensorFlow has them."""
    if not records:
        return []
    encoded = example_wire.encode({name: _ragged(values) for name, values in columns.items()}, len(records))
    return [record + more for record, more in zip(records, encoded, strict=True)]


def stripped(record: bytes, columns: Collection[str]) -> bytes:
    """A record without those of `columns` that it has."""
    example = example_pb2.Example.FromString(record)
    for column in columns:
        example.features.feature.pop(column, None)
    return example.SerializeToString()


def with_columns(
    records: Sequence[bytes], columns: Mapping[str, np.ndarray], without: Collection[str] = ()
) -> list[bytes]:
    """The records with a model's columns, and without some of their own.

    Raises:
        InputError: they have a column of such a name already.
    """
    taken = columns.keys() & set(example_pb2.Example.FromString(records[0]).features.feature)
    if taken:
        raise InputError(f"the data has columns called {', '.join(sorted(taken))}, as the model's are. Rename them")
    return appended([stripped(record, without) for record in records] if without else records, columns)


def _ragged(values: np.ndarray) -> Ragged:
    offsets = np.arange(len(values) + 1) * (values.size // len(values))
    flat = values.reshape(-1)
    if flat.dtype.kind in "OS":
        return Ragged(Kind.BYTES, offsets, pa.array(flat.tolist(), pa.binary()))
    if np.issubdtype(flat.dtype, np.integer):
        return Ragged(Kind.INT, offsets, flat.astype(np.int64))
    return Ragged(Kind.FLOAT, offsets, flat.astype(np.float32))
