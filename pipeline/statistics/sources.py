"""The statistics of a path: read where they are statistics, computed where they are data."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Union

from tfx.dsl.io import fileio

from components.errors import InputError
from components.statistics.files import Statistics, read
from components.statistics.paths import FILE
from components.statistics.slices import slices_by, whole
from pipeline.statistics.rows import Reading, Rows, ingested

__all__ = ["File", "Reading", "Source", "opened", "short", "statistics"]


@dataclass(frozen=True)
class File:
    """Statistics that were made before."""

    path: str
    found: Statistics

    def statistics(self, wanted: Mapping[str, Collection[str]]) -> Statistics:
        """All that are in the file; where columns are wanted, of its slices only those by one of them.

        Raises:
            InputError: there is none by a wanted column.
        """
        if not wanted:
            return self.found
        kept = {name for column in wanted for name in self._slices(column).values()}
        entire = whole(self.found)
        return Statistics(datasets=[each for each in self.found.datasets if each is entire or each.name in kept])

    def values(self, column: str) -> list[str]:
        """The values of a column that have a slice. Raises InputError where there is none."""
        return list(self._slices(column))

    def _slices(self, column: str) -> Mapping[str, str]:
        found = slices_by(self.found, column)
        if not found:
            raise InputError(f"--slice {column}: {self.path} holds statistics without slices of {column}")
        return found


Source = Union[File, Rows]


def statistics(path: str, reading: Reading) -> Statistics:
    """The statistics of a path, of rows there are; see `opened`."""
    with opened(path, reading) as source:
        return source.statistics({})


@contextlib.contextmanager
def opened(path: str, reading: Reading) -> Iterator[Source]:
    """What a path holds.

    Args:
        path: a file of TFDV's statistics (.pb, .pbtxt), the folder of a split or artifact that holds one, or a file or
            pattern of CSV, TFRecord, JSON Lines or Parquet.

    Raises:
        InputError: nothing is there, or it cannot be read; names file and line.
    """
    file = _file(path)
    if file:
        yield File(file, read(file))
    else:
        with ingested(path, reading) as rows:
            yield rows


def short(path: str) -> str:
    """The last two parts of a path: a file of statistics has the same name wherever it is."""
    return "/".join(os.path.normpath(path).split(os.sep)[-2:])


def _file(path: str) -> str | None:
    """The file of statistics that `path` is or holds; None where it must be data.

    Raises:
        InputError: it is a folder with none, or with several.
    """
    if path.endswith((".pb", ".pbtxt")):
        return path
    if not fileio.isdir(path):
        return None
    if fileio.exists(os.path.join(path, FILE)):
        return os.path.join(path, FILE)
    splits = sorted(name for name in fileio.listdir(path) if fileio.exists(os.path.join(path, name, FILE)))
    if splits:
        named = ", ".join(os.path.join(path, name) for name in splits)
        raise InputError(f"{path} holds the statistics of several splits: name one of {named}")
    raise InputError(f"{path} is a folder without {FILE}. Name files of data by a pattern, as in '{path}/*.csv'")
