"""TFRecord files read as streams, thousands of records at a time."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, cast

import tensorflow as tf

from components.gzip_streams import decompressed
from components.tfrecords.frames import Stream, frames

ROWS = 4096
"""A block has so many records at most: enough that what is done for each block costs nothing."""
BYTES = 16 << 20
"""And is cut where it gets larger, as images make it."""


def blocks(paths: Sequence[str], rows: int = ROWS) -> Iterator[list[bytes]]:
    """The records of files, in order, in lists of at most `rows`; those that end in .gz are GZIP.

    Raises:
        InputError: a file is corrupt or cut off.
    """
    for path in paths:
        for block in cut(_read(path), rows):
            yield [record for _, record in block]


def records(paths: Sequence[str]) -> Iterator[bytes]:
    """The same one by one; what is not asked for is not looked at.

    Raises:
        InputError: as `blocks`.
    """
    return (record for path in paths for _, record in _read(path))


def cut(found: Iterable[tuple[int, bytes]], rows: int = ROWS) -> Iterator[list[tuple[int, bytes]]]:
    """Records and where they stand, some at a time."""
    block: list[tuple[int, bytes]] = []
    size = 0
    for each in found:
        block.append(each)
        size += len(each[1])
        if len(block) == rows or size >= BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block


def _read(path: str) -> Iterator[tuple[int, bytes]]:
    with _opened(path) as file:
        yield from frames(path, file)


@contextlib.contextmanager
def _opened(path: str) -> Iterator[Stream]:
    # TensorFlow's files are those of every file system that TFX itself can read.
    with tf.io.gfile.GFile(path, "rb") as raw:
        if not path.endswith(".gz"):
            yield raw
            return
        with decompressed(path, cast(IO[bytes], raw), "Write or fetch it again") as stream:
            yield stream
