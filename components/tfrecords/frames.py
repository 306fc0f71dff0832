"""The framing of TFRecord files.

Format: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
"""

import functools
import struct
from collections.abc import Iterable, Iterator
from typing import Protocol

import google_crc32c

from components.errors import InputError

_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")
_LENGTH = struct.Struct("<Q")
_READ_BYTES = 1 << 20


class Stream(Protocol):
    """What is read from."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


def framed(records: Iterable[bytes]) -> bytes:
    """The frames of records, one behind the other."""
    pieces: list[bytes] = []
    for record in records:
        pieces += (_header(len(record)), record, _FOOTER.pack(_masked_crc(record)))
    return b"".join(pieces)


def frames(path: str, file: Stream) -> Iterator[tuple[int, bytes]]:
    """The records of a TFRecord stream, each with the offset at which its frame begins (decompressed).

    Raises:
        InputError: a frame is corrupt or cut off; names its offset.
    """
    buffer, base = b"", 0
    while True:
        position, need = 0, _HEADER.size
        while len(buffer) - position >= need:
            size = _size(buffer, position, path, base)
            start, stop = position + _HEADER.size, position + _HEADER.size + size
            need = _HEADER.size + size + _FOOTER.size
            if len(buffer) - position < need:
                break
            record = buffer[start:stop]
            if _masked_crc(record) != _FOOTER.unpack_from(buffer, stop)[0]:
                raise _broken(path, base + position, "the checksum of the record is wrong")
            yield base + position, record
            position, need = position + need, _HEADER.size
        base, rest = base + position, buffer[position:]
        buffer = _filled(file, rest, need)
        if len(buffer) < need:
            if buffer:
                raise _broken(path, base, _cut_off(buffer))
            return


def _filled(file: Stream, rest: bytes, need: int) -> bytes:
    """`rest` and what follows it, at least `need` bytes together, or all that there are."""
    pieces, held = [rest], len(rest)
    while held < need:
        piece = file.read(max(_READ_BYTES, min(need - held, 64 * _READ_BYTES)))
        if not piece:
            break
        pieces.append(piece)
        held += len(piece)
    return b"".join(pieces)


def _size(buffer: bytes, position: int, path: str, base: int) -> int:
    """The size of the record whose frame begins at `position`."""
    size: int = _LENGTH.unpack_from(buffer, position)[0]
    # Equal headers have equal checksums; most records of a file are of a few sizes.
    if not buffer.startswith(_header(size), position):
        raise _broken(path, base + position, "the checksum of the record's length is wrong")
    return size


def _cut_off(buffer: bytes) -> str:
    if len(buffer) < _HEADER.size:
        return "the file ends within the record's length"
    size = _LENGTH.unpack_from(buffer)[0]
    return f"the record has {size} bytes, but the file ends after {len(buffer) - _HEADER.size}"


@functools.lru_cache(maxsize=1 << 16)
def _header(size: int) -> bytes:
    return _HEADER.pack(size, _masked_crc(_LENGTH.pack(size)))


def _masked_crc(data: bytes) -> int:
    """TFRecord's checksum of `data`."""
    crc = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _broken(path: str, position: int, what: str) -> InputError:
    where = "byte {} of the decompressed stream" if path.endswith(".gz") else "byte {}"
    return InputError(
        f"{path}, {where.format(position)}: {what}. The file is corrupt or cut off: write or fetch it again"
    )
