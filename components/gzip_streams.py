"""Gzip files, read as streams."""

import contextlib
import gzip
import zlib
from collections.abc import Iterator
from typing import IO

from components.errors import InputError


@contextlib.contextmanager
def decompressed(path: str, raw: IO[bytes], advice: str) -> Iterator[IO[bytes]]:
    """The content of a file.

    Args:
        raw: the file, open.
        advice: what to do about one that cannot be read.

    Raises:
        InputError: the stream is corrupt or ends early (also while it is read).
    """
    try:
        yield gzip.GzipFile(fileobj=raw)  # type: ignore[misc]
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(
            f"{path}: the gzip stream is corrupt or cut off near byte {raw.tell()} of the file ({error}). {advice}"
        ) from error
