"""The framing of TFRecord files.

Format: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
"""

import functools
import struct
from collections.abc import Iterable, Iterator
from typing import Optional, Protocol

import google_crc32c

from components.errors import InputError

_LENGTH = struct.Struct("<Q")
_HEADER_BYTES, _FOOTER_BYTES = 12, 4
_READ_BYTES = 1 << 20


class Stream(Protocol):
    """What is read from."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


def framed(records: Iterable[bytes]) -> bytes:
    """The frames of records, one behind the other."""
    pieces: list[bytes] = []
    for record in records:
        pieces += (_header(len(record)), record, _checksum(record))
    return b"".join(pieces)


def frames(path: str, file: Stream) -> Iterator[tuple[int, bytes]]:
    """The records of a TFRecord stream, each with the offset at which its frame begins (decompressed).

    Raises:
        InputError: a frame is corrupt or cut off; names its offset.
    """
    buffer, base = b"", 0
    while True:
        position, need = 0, _HEADER_BYTES
        while len(buffer) - position >= need:
            start = position + _HEADER_BYTES
            size = _size(buffer[position:start])
            if size is None:
                raise _broken(path, base + position, "the checksum of the record's length is wrong")
            stop, need = start + size, _HEADER_BYTES + size + _FOOTER_BYTES
            if len(buffer) - position < need:
                break
            record = buffer[start:stop]
            if _checksum(record) != buffer[stop : stop + _FOOTER_BYTES]:
                raise _broken(path, base + position, "the checksum of the record is wrong")
            yield base + position, record
            position, need = position + need, _HEADER_BYTES
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


# Equal headers have equal sizes and checksums; most records of a file are of a few sizes.
@functools.lru_cache(maxsize=1 << 16)
def _size(header: bytes) -> Optional[int]:
    """The size of the record whose frame begins with `header`; None where that is corrupt."""
    size: int = _LENGTH.unpack_from(header)[0]
    return size if header == _header(size) else None


def _cut_off(buffer: bytes) -> str:
    if len(buffer) < _HEADER_BYTES:
        return "the file ends within the record's length"
    size = _LENGTH.unpack_from(buffer)[0]
    return f"the record has {size} bytes, but the file ends after {len(buffer) - _HEADER_BYTES}"


@functools.lru_cache(maxsize=1 << 16)
def _header(size: int) -> bytes:
    length = _LENGTH.pack(size)
    return length + _checksum(length)


def _checksum(data: bytes) -> bytes:
    """TFRecord's checksum of `data`: CRC-32C, turned by 15 bits and masked."""
    crc = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8 & 0xFFFFFFFF).to_bytes(4, "little")


def _broken(path: str, position: int, what: str) -> InputError:
    where = "byte {} of the decompressed stream" if path.endswith(".gz") else "byte {}"
    return InputError(
        f"{path}, {where.format(position)}: {what}. The file is corrupt or cut off: write or fetch it again"
    )
