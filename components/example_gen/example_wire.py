"""tf.Example written as bytes, a block at a time.

The bytes are those of `Example.SerializeToString(deterministic=True)`: map entries sorted by key, numbers packed.
TFX hashes exactly these bytes to choose a record's split, and neither tfx_bsl's encoder nor protobuf's default
guarantees an order of the entries. Wire format: https://protobuf.dev/programming-guides/encoding.
"""

import itertools
from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.cells import Kind, Ragged

# Field numbers of Feature's oneof (bytes_list = 1, float_list = 2, int64_list = 3), as length-delimited tags.
_LIST_TAG = {Kind.BYTES: b"\x0a", Kind.FLOAT: b"\x12", Kind.INT: b"\x1a"}
_FIELD_1, _FIELD_2 = b"\x0a", b"\x12"
_EMPTY = pa.scalar(b"", pa.binary())


def encode(columns: Mapping[str, Ragged], rows: int) -> list[bytes]:
    """The serialised tf.Example of each row."""
    if not columns:
        return [b"\x0a\x00"] * rows
    parts: list[pa.Array] = []
    for key in sorted(name.encode() for name in columns):
        column = columns[key.decode()]
        payload = _payload(column, rows)
        parts += [_headers(payload, lambda size: _entry_header(key, column.kind, size)), payload]  # noqa: B023
    features = pc.binary_join_element_wise(*parts, _EMPTY)
    return to_bytes(pc.binary_join_element_wise(_headers(features, _example_header), features, _EMPTY))


def encode_features(column: Ragged, rows: int) -> list[bytes]:
    """The serialised tf.train.Feature of each row."""
    payload = _payload(column, rows)
    return to_bytes(
        pc.binary_join_element_wise(_headers(payload, lambda size: _feature_header(column.kind, size)), payload, _EMPTY)
    )


def to_bytes(array: pa.Array) -> list[bytes]:
    """The values of a binary array; several times faster than to_pylist."""
    if not len(array):
        return []
    offsets = np.frombuffer(array.buffers()[1], np.int32)[array.offset : array.offset + len(array) + 1]
    data = array.buffers()[2].slice(int(offsets[0]), int(offsets[-1] - offsets[0])).to_pybytes()
    ends = (offsets - offsets[0]).tolist()
    return [data[start:end] for start, end in itertools.pairwise(ends)]


def varint(value: int) -> bytes:
    """A non-negative integer in base 128, lowest digits first."""
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*digits, value])


def _example_header(size: int) -> bytes:
    return _FIELD_1 + varint(size)


def _entry_header(key: bytes, kind: Kind, size: int) -> bytes:
    """What stands before a payload of `size` bytes in an entry of the feature map."""
    feature = _feature_header(kind, size)
    entry = _FIELD_1 + varint(len(key)) + key + _FIELD_2 + varint(len(feature) + size) + feature
    return _FIELD_1 + varint(len(entry) + size) + entry


def _feature_header(kind: Kind, size: int) -> bytes:
    """What stands before a payload of `size` bytes in a Feature."""
    if kind == Kind.EMPTY:
        return b""
    packed = _FIELD_1 + varint(size) if kind != Kind.BYTES and size else b""
    return _LIST_TAG[kind] + varint(len(packed) + size) + packed


def _headers(payload: pa.Array, header: Callable[[int], bytes]) -> pa.Array:
    """The header of each payload, which depends on nothing but its length."""
    sizes, row_to_size = np.unique(pc.binary_length(payload).to_numpy(), return_inverse=True)
    return pa.array([header(int(size)) for size in sizes], pa.binary()).take(pa.array(row_to_size))


def _payload(column: Ragged, rows: int) -> pa.Array:
    """Per row the values on the wire, without what says how long they are."""
    offsets = column.offsets
    if column.kind == Kind.EMPTY or column.values is None:
        return _binary(np.zeros(rows + 1, np.int64), b"")
    if column.kind == Kind.FLOAT:
        return _binary(offsets * 4, column.values.astype("<f4", copy=False).tobytes())
    if column.kind == Kind.INT:
        data, ends = _varints(column.values)
        return _binary(ends[offsets], data)
    elements = pc.binary_join_element_wise(_headers(column.values, _example_header), column.values, _EMPTY)
    ends = np.frombuffer(elements.buffers()[1], np.int32)[: len(elements) + 1]
    return _binary(ends[offsets], elements.buffers()[2])


def _binary(offsets: np.ndarray, data: object) -> pa.Array:
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(offsets) - 1, buffers)


def _varints(values: np.ndarray) -> tuple[bytes, np.ndarray]:
    """All values as varints, one after the other, and where each of them ends (with a leading 0)."""
    unsigned = values.astype(np.int64, copy=False).view(np.uint64)
    sizes = np.ones(len(unsigned), np.int64)
    for bits in range(7, 64, 7):
        longer = unsigned >= np.uint64(1) << np.uint64(bits)
        if not longer.any():
            break
        sizes += longer
    width = int(sizes.max(initial=1))
    shifts = np.arange(width, dtype=np.uint64) * np.uint64(7)
    digits = (unsigned[:, None] >> shifts).astype(np.uint8) & np.uint8(0x7F)
    place = np.arange(width)
    digits |= np.where(place < sizes[:, None] - 1, np.uint8(0x80), np.uint8(0))
    return digits[place < sizes[:, None]].tobytes(), np.concatenate(([0], np.cumsum(sizes)))
