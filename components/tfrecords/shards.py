"""TFRecord shards: compression, and names that only appear when a shard is complete."""

import contextlib
import posixpath
import uuid
from collections.abc import Iterable, Iterator, Sequence

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from isal import isal_zlib
from tfx.dsl.io import fileio

from components.tfrecords.frames import framed

_LEVEL = 1
"""Of ISA-L's: a quarter of zlib's time at its own first level for as many bytes. Images, which are compressed already,
stay as large as they are."""
_GZIP_WINDOW = 31


@contextlib.contextmanager
def partial(uri: str) -> Iterator[str]:
    """A folder in an artifact for files in the making. It goes in the end, with what workers that died have left."""
    folder = posixpath.join(uri, ".partial")
    yield folder
    if fileio.exists(folder):
        fileio.rmtree(folder)


class Pending:
    """A file in the making: written beside `path`'s folder, renamed to `path` when complete.

    A worker that dies leaves nothing that a reader sees, and a worker that repeats its work replaces its own file.
    """

    def __init__(self, path: str, partial_folder: str) -> None:
        self._path = path
        self._partial = posixpath.join(partial_folder, f"{posixpath.basename(path)}-{uuid.uuid4().hex}")
        self._file = FileSystems.create(self._partial, compression_type=CompressionTypes.UNCOMPRESSED)

    def write(self, data: bytes) -> None:
        """Append bytes."""
        self._file.write(data)

    def commit(self) -> None:
        """Complete the file and give it its name."""
        self._file.close()
        publish(self._partial, self._path)


class Shard:
    """A pending GZIP TFRecord file."""

    def __init__(self, path: str, partial_folder: str) -> None:
        self._file = Pending(path, partial_folder)
        self._gzip = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP_WINDOW)
        self.records = 0

    def write(self, records: Sequence[bytes]) -> None:
        """Append records."""
        self.records += len(records)
        self._file.write(self._gzip.compress(framed(records)))

    def commit(self) -> None:
        """Complete the file and give it its name."""
        self._file.write(self._gzip.flush())
        self._file.commit()


def write_text(path: str, partial_folder: str, lines: Iterable[str]) -> None:
    """A text file that appears under `path` when it is complete."""
    write_bytes(path, partial_folder, (f"{line}\n".encode() for line in lines))


def write_bytes(path: str, partial_folder: str, parts: Iterable[bytes]) -> None:
    """A file of `parts`, one behind the other, that appears under `path` when it is complete."""
    file = Pending(path, partial_folder)
    for part in parts:
        file.write(part)
    file.commit()


def publish(partial: str, path: str) -> None:
    """Rename `partial` to `path`, replacing what an earlier attempt left there."""
    FileSystems.rename([partial], [path])


def shard_name(index: int, count: int) -> str:
    """The name of a shard, in the style of Beam's WriteToTFRecord, that TFX's own ExampleGen uses."""
    return f"data_tfrecord-{index:05d}-of-{count:05d}.gz"
