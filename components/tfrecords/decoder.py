"""tf.Examples → Arrow, a block at a time: what tfx_bsl's decoder gives, in a fraction of its time.

tfx_bsl parses each record into a message with a map. Here the records of a block are walked through side by side, as
long as they all have the same features in the same order: so writes ExampleGen, and most programs do. A block that is
otherwise, or has anything unusual in it, is left to tfx_bsl.
"""

from collections.abc import Sequence
from typing import Any, Optional

import numpy as np
import pyarrow as pa
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.tfrecords.wire import Ints, Irregular, Messages

_BYTES, _FLOATS, _INTS = 1, 2, 3
"""The numbers of a Feature's fields."""
_TYPES = {
    _BYTES: pa.large_list(pa.large_binary()),
    _FLOATS: pa.large_list(pa.float32()),
    _INTS: pa.large_list(pa.int64()),
}


class Decoder:
    """Makes record batches of serialised tf.Examples."""

    def __init__(self, schema: Optional[schema_pb2.Schema] = None) -> None:
        """Args:
        schema: the columns to decode and their types; without one all that a block holds, by name.
        """
        self._any = ExamplesToRecordBatchDecoder(*([] if schema is None else [schema.SerializeToString()]))
        self._schema: Optional[pa.Schema] = None if schema is None else self._any.ArrowSchema()
        self._wanted = None if self._schema is None else frozenset(self._schema.names)

    def decode(self, block: Sequence[bytes]) -> pa.RecordBatch:
        """A row for each record.

        Raises:
            RuntimeError: a record is no tf.Example, or has another type than the schema says.
        """
        try:
            batch = self._batch(_columns(block, self._wanted), len(block))
        except Irregular:
            return self._any.DecodeBatch(list(block))
        # Arrow counts the rows of columns only.
        return batch if batch.num_columns else self._any.DecodeBatch(list(block))

    def _batch(self, columns: dict[str, pa.Array], rows: int) -> pa.RecordBatch:
        if self._schema is None:
            names = sorted(columns)
            return pa.RecordBatch.from_arrays([columns[name] for name in names], names)
        arrays = [columns[each.name] if each.name in columns else pa.nulls(rows, each.type) for each in self._schema]
        if any(array.type != each.type for array, each in zip(arrays, self._schema, strict=True)):
            raise Irregular
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)


def _columns(block: Sequence[bytes], wanted: Optional[frozenset[str]]) -> dict[str, pa.Array]:
    """The columns by name; those that are wanted, or all.

    Raises:
        Irregular: the records are not all alike.
    """
    if not block:
        raise Irregular
    messages = Messages(block)
    at, stop = messages.field(messages.starts, messages.stops, 1)
    _check((stop == messages.stops).all())
    columns: dict[str, pa.Array] = {}
    while (at < stop).any():
        entry, entry_stop = messages.field(at, stop, 1)
        key, key_stop = messages.field(entry, entry_stop, 1)
        feature, feature_stop = messages.field(key_stop, entry_stop, 2)
        _check((feature_stop == entry_stop).all())
        name = messages.same_text(key, key_stop)
        _check(name not in columns)
        if wanted is None or name in wanted:
            columns[name] = _column(messages, feature, feature_stop)
        at = entry_stop
    return columns


def _column(messages: Messages, start: Ints, stop: Ints) -> pa.Array:
    """Of the Features of all rows; null where one is of no kind."""
    valid = np.flatnonzero(start < stop)
    # Of no kind in the whole block: tfx_bsl knows which type that is.
    _check(len(valid) > 0)
    kind = messages.kind(start[valid])
    _check(kind in _TYPES)
    first, last = messages.field(start[valid], stop[valid], kind)
    _check((last == stop[valid]).all())
    filled = first < last
    rows, first, last = valid[filled], first[filled], last[filled]
    values, counts = _texts(messages, first, last) if kind == _BYTES else _numbers(messages, first, last, kind)
    offsets = np.zeros(len(start) + 1, np.int64)
    offsets[rows + 1] = counts
    return pa.Array.from_buffers(
        _TYPES[kind], len(start), [_bitmap(valid, len(start)), pa.py_buffer(np.cumsum(offsets))], children=[values]
    )


def _bitmap(valid: Ints, rows: int) -> Any:
    if len(valid) == rows:
        return None
    mask = np.zeros(rows, bool)
    mask[valid] = True
    return pa.py_buffer(np.packbits(mask, bitorder="little"))


def _numbers(messages: Messages, at: Ints, stop: Ints, kind: int) -> tuple[pa.Array, Ints]:
    """The numbers of rows that have some, and how many each row has."""
    first, last = messages.field(at, stop, 1)
    _check((last == stop).all())
    values, counts = messages.floats(first, last) if kind == _FLOATS else messages.ints(first, last)
    return pa.array(values), counts


def _texts(messages: Messages, at: Ints, stop: Ints) -> tuple[pa.Array, Ints]:
    """The texts of rows that have some, and how many each row has."""
    none = np.zeros(0, np.int64)
    rows, firsts, lasts = [none], [none], [none]
    left = np.arange(len(at))
    while len(left):
        first, last = messages.field(at, stop[left], 1)
        rows.append(left)
        firsts.append(first)
        lasts.append(last)
        more = last < stop[left]
        left, at = left[more], last[more]
    row, first, last = np.concatenate(rows), np.concatenate(firsts), np.concatenate(lasts)
    order = np.argsort(row, kind="stable")
    first, last = first[order], last[order]
    ends = np.concatenate(([0], np.cumsum(last - first)))
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(messages.joined(first, last))]
    return pa.Array.from_buffers(pa.large_binary(), len(row), buffers), np.bincount(row)


def _check(holds: bool) -> None:
    if not holds:
        raise Irregular
