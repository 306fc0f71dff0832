"""What is wrong with files of data, as far as it shows in a moment: TFDV takes many seconds to import."""

from __future__ import annotations

import csv
import glob
import gzip
import os
import zlib
from collections.abc import Collection, Mapping, Sequence

from components.errors import InputError, close_matches
from pipeline.prediction.formats import InputFormat, input_format

_STATISTICS = (".pb", ".pbtxt")


def check_path(path: str, format: InputFormat | None) -> None:
    """Raises InputError where nothing is there, or what is there cannot be read."""
    if "://" in path or os.path.isdir(path):
        return
    if path.endswith(_STATISTICS):
        if not os.path.isfile(path):
            raise InputError(f"{path}: no such file")
        return
    if format is None:
        input_format([path])
    if not glob.glob(path):
        raise InputError(f"{path}: no file matches")


def check_columns(
    paths: Sequence[str],
    format: InputFormat | None,
    delimiter: str,
    on_all: Mapping[str, Collection[str]],
    on_any: Mapping[str, Collection[str]],
) -> None:
    """Whether columns are there, for files that name theirs at the beginning.

    Args:
        on_all: by option, columns that each of the paths must have.
        on_any: by option, columns that one of them must have.

    Raises:
        InputError: they are not.
    """
    there = {path: _columns(path, format, delimiter) for path in paths}
    for option, names in on_all.items():
        for path, columns in there.items():
            for name in names:
                if columns is not None and name not in columns:
                    raise InputError(f"--{option} {name}: {path} has no such column.{close_matches(name, columns)}")
    known = [columns for columns in there.values() if columns is not None]
    every = set().union(*known)
    for option, names in on_any.items():
        for name in names:
            if len(known) == len(paths) and name not in every:
                neither = " nor ".join(paths)
                raise InputError(f"--{option} {name}: neither {neither} has such a column.{close_matches(name, every)}")


def _columns(path: str, format: InputFormat | None, delimiter: str) -> set[str] | None:
    """None where they are not known before the rows are read."""
    if "://" in path or os.path.isdir(path) or path.endswith(_STATISTICS):
        return None
    read = {"csv": _of_csv, "parquet": _of_parquet}.get(format or input_format([path]))
    found = [read(file, delimiter) for file in sorted(glob.glob(path))] if read else [None]
    return None if None in found else set().union(*(each for each in found if each is not None))


def _of_csv(file: str, delimiter: str) -> set[str] | None:
    """None where the header cannot be read, of which those who read the rows say more."""
    try:
        opened = gzip.open if file.endswith(".gz") else open
        with opened(file, "rt", encoding="utf-8-sig", newline="") as lines:
            return set(next(csv.reader(lines, delimiter=delimiter), ()))
    except (OSError, EOFError, UnicodeDecodeError, zlib.error, csv.Error, TypeError):
        return None


def _of_parquet(file: str, delimiter: str) -> set[str] | None:
    import pyarrow.parquet

    del delimiter
    try:
        return set(pyarrow.parquet.read_schema(file).names)
    except (OSError, pyarrow.ArrowInvalid):
        return None
