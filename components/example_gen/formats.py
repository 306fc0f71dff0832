"""What ingestion needs to know about a file format."""

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from components.example_gen import example_wire
from components.example_gen.cells import Cells, Inferred, Kind, Ragged
from components.example_gen.facts import BadRow, Chunk, Range, Typed
from components.example_gen.splits import GroupSplits, RowSplits, TimeSplits


class Origin(Protocol):
    """Finds the rows of a block in its file again."""

    def place(self, row: int) -> str:
        """Where the row is: `line 7`."""

    def raw(self, row: int) -> bytes:
        """The row as it stands in the file."""


class Block(Protocol):
    """Some thousand rows of a range."""

    @property
    def rows(self) -> int:
        """How many rows could be read."""

    @property
    def origin(self) -> Origin:
        """Where they came from."""

    @property
    def columns(self) -> Mapping[str, Cells]:
        """The columns."""

    @property
    def bad(self) -> list[BadRow]:
        """Rows that could not be read; they are not counted in `rows`."""

    def infer(self) -> dict[str, Inferred]:
        """What the block says about its columns' types."""

    def types(self, without: Collection[str]) -> dict[str, Typed]:
        """The types of columns whose values are written as they are, so that they must have one; not of `without`."""

    def encode(self, kinds: Mapping[str, Kind], mask: np.ndarray) -> Iterator["Part"]:
        """The records of the rows in `mask`, a few thousand at a time."""


class Part(Protocol):
    """Some serialised records, in order."""

    @property
    def records(self) -> Sequence[bytes]:
        """A serialised tf.Example each."""

    def splits(self, splits: RowSplits) -> np.ndarray:
        """The index of each record's split."""


class Format(Protocol):
    """A file format. Methods raise InputError with the file and the place in it."""

    def chunks(self, file: str, size: int) -> list[Chunk]:
        """How the file is dealt to workers for the first look; sees nothing but the name and size."""

    def scan(self, chunk: Chunk) -> Any:
        """The first look at a chunk: small facts with `file` and `index`."""

    def plan(self, scans: Sequence[Any]) -> list[Range]:
        """The ranges of one file, from the facts of all its chunks."""

    def read(self, part: Range) -> Iterator[Block]:
        """The rows of a range."""


_PART_ROWS = 8192


@dataclasses.dataclass
class TableBlock:
    """Rows of a table, column by column."""

    rows: int
    origin: Origin
    columns: Mapping[str, Cells]
    bad: list[BadRow] = dataclasses.field(default_factory=list)

    def types(self, without: Collection[str]) -> dict[str, Typed]:
        """See Block. Values are turned into the type of their column."""
        return {}

    def infer(self) -> dict[str, Inferred]:
        """See Block."""
        return {name: cells.infer() for name, cells in self.columns.items()}

    def encode(self, kinds: Mapping[str, Kind], mask: np.ndarray) -> Iterator["TablePart"]:
        """See Block."""
        whole = self.columns if mask.all() else {name: cells.keep(mask) for name, cells in self.columns.items()}
        rows = int(mask.sum())
        for start in range(0, rows, _PART_ROWS):
            stop = min(rows, start + _PART_ROWS)
            yield TablePart({name: cells.slice(start, stop) for name, cells in whole.items()}, kinds, stop - start)


class TablePart:
    """Records made from columns. Every record has every column of `kinds`, missing ones without a value."""

    def __init__(self, columns: Mapping[str, Cells], kinds: Mapping[str, Kind], rows: int) -> None:
        self._columns = columns
        self._rows = rows
        self._ragged = {
            name: columns[name].ragged(kind) if name in columns else missing(kind, rows) for name, kind in kinds.items()
        }
        self.records = example_wire.encode(self._ragged, rows)

    def splits(self, splits: RowSplits) -> np.ndarray:
        """See Part."""
        if isinstance(splits, TimeSplits):
            return splits.of_cells(self._columns[splits.column])
        if isinstance(splits, GroupSplits):
            return splits.of_keys(example_wire.encode_features(self._ragged[splits.column], self._rows))
        return splits.of_keys(self.records)


def missing(kind: Kind, rows: int) -> Ragged:
    """A column without a value in any row."""
    values = {
        Kind.INT: np.zeros(0, np.int64),
        Kind.FLOAT: np.zeros(0, np.float32),
        Kind.BYTES: pa.array([], pa.binary()),
    }
    return Ragged(kind, np.zeros(rows + 1, np.int64), values.get(kind))
