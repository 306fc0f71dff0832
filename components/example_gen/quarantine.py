"""Bad rows on their way to a file, which there is only where there are some."""

import posixpath
from collections.abc import Sequence
from typing import Optional

from components.example_gen.facts import SAMPLE, BadRow, Range
from components.tfrecords.shards import Pending


class Quarantine:
    """The bad rows of one range. Only the first of them stay in memory."""

    def __init__(self, part: Range, folder: str, partial_folder: str) -> None:
        self._path = posixpath.join(folder, f"bad_rows-{part.index:05d}-of-{part.count:05d}.jsonl")
        self._partial_folder = partial_folder
        self._file: Optional[Pending] = None
        self.first: tuple[BadRow, ...] = ()

    def add(self, rows: Sequence[BadRow]) -> None:
        """Set rows aside."""
        if not rows:
            return
        self._file = self._file or Pending(self._path, self._partial_folder)
        self._file.write("".join(f"{row.to_json()}\n" for row in rows).encode())
        self.first = (*self.first, *rows)[:SAMPLE]

    def commit(self) -> None:
        """Complete the file and give it its name."""
        if self._file:
            self._file.commit()
