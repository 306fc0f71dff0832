"""Which split a row goes to."""

import abc
import dataclasses
import hashlib
import pathlib
from collections.abc import Sequence
from typing import Optional, Union

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.errors import InputError
from components.example_gen.cells import Cells, Kind

Bound = Union[int, float, str]
_FEW = 5


class ByRow(abc.ABC):
    """Splits for which each row is looked at: a file may hold rows of all of them."""

    @property
    @abc.abstractmethod
    def names(self) -> tuple[str, ...]:
        """The splits."""

    def names_in(self, file: str) -> tuple[str, ...]:
        """The splits that rows of a file go to."""
        return self.names

    def check_files(self, files: Sequence[str]) -> None:  # noqa: B027
        """Any files will do."""


@dataclasses.dataclass(frozen=True)
class HashSplits(ByRow):
    """TFX's rule: the SHA-256 of the serialised record, modulo the buckets."""

    buckets: tuple[tuple[str, int], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The splits, in the order of their buckets."""
        return tuple(name for name, _ in self.buckets)

    def of_keys(self, keys: Sequence[bytes]) -> np.ndarray:
        """The index into `names` of each key."""
        ends = np.cumsum([count for _, count in self.buckets])
        words = np.frombuffer(b"".join(hashlib.sha256(key).digest() for key in keys), ">u4").reshape(len(keys), 8)
        bucket = np.zeros(len(keys), np.uint64)
        for word in words.T:
            bucket = ((bucket << np.uint64(32)) + word) % np.uint64(ends[-1])
        return np.searchsorted(ends, bucket.astype(np.int64), side="right")


@dataclasses.dataclass(frozen=True)
class GroupSplits(HashSplits):
    """TFX's `partition_feature_name`: the hash of one column's value, so that a group stays together."""

    column: str = ""

    def check(self, kind: Kind) -> None:
        """Raises InputError for a column that cannot name groups."""
        if kind in (Kind.FLOAT, Kind.EMPTY):
            holds = "floats" if kind == Kind.FLOAT else "no value at all"
            raise InputError(
                f"data.splits.column: {self.column!r} holds {holds}; groups are named by integers or text "
                "(data.text_columns makes a CSV column text)"
            )


@dataclasses.dataclass(frozen=True)
class TimeSplits(ByRow):
    """Rows before `eval_from` train, rows from `test_from` test."""

    column: str
    eval_from: Bound
    test_from: Optional[Bound] = None

    @property
    def names(self) -> tuple[str, ...]:
        """The splits, in the order of time."""
        return ("train", "eval") if self.test_from is None else ("train", "eval", "test")

    @property
    def _bounds(self) -> list[Bound]:
        return [self.eval_from] if self.test_from is None else [self.eval_from, self.test_from]

    @property
    def is_text(self) -> bool:
        """Whether times are compared as text."""
        return isinstance(self.eval_from, str)

    def check(self, kind: Kind) -> None:
        """Raises InputError where the bounds do not fit the column."""
        if self.is_text and kind in (Kind.INT, Kind.FLOAT):
            raise InputError(
                f"data.splits.eval_from is text ({self.eval_from!r}), but column {self.column!r} holds numbers: "
                "write a number"
            )

    def has_time(self, cells: Cells) -> np.ndarray:
        """Per row, whether it has a time."""
        if self.is_text:
            return pc.greater(pc.binary_length(cells.texts()), 0).to_numpy(zero_copy_only=False)
        numbers = cells.numbers()
        return ~np.isnan(numbers) if numbers.dtype == np.float64 else np.ones(len(numbers), bool)

    def of_cells(self, cells: Cells) -> np.ndarray:
        """The index into `names` of each row; every row has a time."""
        if not self.is_text:
            return sum((cells.numbers() >= bound).astype(np.int64) for bound in self._bounds)  # type: ignore[return-value]
        times = cells.texts()
        later = [pc.greater_equal(times, pa.scalar(str(bound).encode(), pa.binary())) for bound in self._bounds]
        return sum(mask.to_numpy(zero_copy_only=False).astype(np.int64) for mask in later)


@dataclasses.dataclass(frozen=True)
class FileSplits:
    """The split of a row is that of its file."""

    patterns: tuple[tuple[str, str], ...]
    """(split, pattern); a pattern is matched from the right of the path, folder by folder."""

    @property
    def names(self) -> tuple[str, ...]:
        """The splits, in the order of their patterns."""
        return tuple(name for name, _ in self.patterns)

    def names_in(self, file: str) -> tuple[str, ...]:
        """The splits whose patterns the file's path matches; one, after `check_files`."""
        return tuple(name for name, pattern in self.patterns if pathlib.PurePosixPath(file).match(pattern))

    def check_files(self, files: Sequence[str]) -> None:
        """Raises InputError for a file that is not of exactly one split, and for a split without files."""
        told = ", ".join(f"{name}={pattern!r}" for name, pattern in self.patterns)
        for path in files:
            found = self.names_in(path)
            if len(found) != 1:
                matches = f"both {' and '.join(found)}" if found else "no split"
                raise InputError(
                    f"data.splits: {path} belongs to {matches} by its name. Patterns: {told}. Every file of "
                    "data.path must match exactly one: change the patterns, or data.path"
                )
        for name, pattern in self.patterns:
            if not any(self.names_in(path) == (name,) for path in files):
                few = ", ".join(map(str, files[:_FEW])) + (" …" if len(files) > _FEW else "")
                raise InputError(f"data.splits.{name}: no file matches {pattern!r}. There is: {few}")


RowSplits = Union[HashSplits, GroupSplits, TimeSplits]
"""Where each row is looked at."""
Splits = Union[RowSplits, FileSplits]


def column_of(splits: Splits) -> Optional[str]:
    """The column that decides, None where the whole record does."""
    return splits.column if isinstance(splits, (GroupSplits, TimeSplits)) else None
