"""Columns before and after their types are known, with TFX's own lattice of types.

TFX (tfx_bsl.coders.csv_decoder) calls a cell an integer when Python's int() takes its bytes and the value fits
64 bits, a float when float() takes them, and text otherwise; a column has the highest type of its cells.
Blocks are cast by Arrow; wherever Arrow's parser and Python's could differ, Python decides.
"""

import dataclasses
import enum
from collections.abc import Callable
from typing import Optional, Protocol, Union

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_FEW = 64
"""Cells that mostly tell what all of a column are."""


class Kind(enum.IntEnum):
    """The type of a column; the highest of its parts wins."""

    EMPTY = -1
    INT = 0
    FLOAT = 1
    BYTES = 2


@dataclasses.dataclass(frozen=True)
class Inferred:
    """What one block says about a column."""

    kind: Kind
    cells: int = 0
    """Cells that are not missing."""
    numbers: int = 0
    """Those of them that are numbers."""
    text_row: Optional[int] = None
    """The first row whose cell is no number."""
    text: str = ""


@dataclasses.dataclass(frozen=True)
class Ragged:
    """A typed column: row i has values[offsets[i]:offsets[i + 1]].

    Values are int64 or float32 numpy arrays, a binary Arrow array, or None for EMPTY.
    """

    kind: Kind
    offsets: np.ndarray
    values: Union[np.ndarray, pa.Array, None]


class Cells(Protocol):
    """A column of a block as its format reads it."""

    def slice(self, start: int, stop: int) -> "Cells":
        """Rows start to stop."""

    def keep(self, mask: np.ndarray) -> "Cells":
        """The rows where `mask` is true."""

    def infer(self) -> Inferred:
        """What these cells say about the column's type."""

    def ragged(self, kind: Kind) -> Ragged:
        """The values as `kind`, which is at least the inferred one."""

    def numbers(self) -> np.ndarray:
        """One number per row, NaN where there is none: int64 where every row has an integer, else float64."""

    def texts(self) -> pa.Array:
        """One binary value per row, empty where there is none."""


def kind_of_text(cell: bytes) -> Kind:
    """The type of one cell, as TFX sees it."""
    try:
        return Kind.INT if -(2**63) <= int(cell) < 2**63 else Kind.BYTES
    except ValueError:
        pass
    try:
        float(cell)
    except ValueError:
        return Kind.BYTES
    return Kind.FLOAT


@dataclasses.dataclass(frozen=True)
class TextCells:
    """A column of CSV: binary cells, the empty one is missing."""

    cells: pa.Array

    def slice(self, start: int, stop: int) -> "TextCells":
        """See Cells."""
        return TextCells(self.cells.slice(start, stop - start))

    def keep(self, mask: np.ndarray) -> "TextCells":
        """See Cells."""
        return TextCells(self.cells.filter(pa.array(mask)))

    def infer(self) -> Inferred:
        """See Cells."""
        present = self._present()
        if not len(present):
            return Inferred(Kind.EMPTY)
        kind = _kind_by_arrow(present)
        if kind is not None:
            return Inferred(kind, len(present), len(present))
        return self._infer_by_python(present)

    def ragged(self, kind: Kind) -> Ragged:
        """See Cells."""
        lengths = pc.binary_length(self.cells).to_numpy(zero_copy_only=False)
        offsets = np.concatenate(([0], np.cumsum(lengths > 0)))
        if kind == Kind.EMPTY:
            return Ragged(kind, np.zeros_like(offsets), None)
        present = self._present()
        if kind == Kind.BYTES:
            return Ragged(kind, offsets, present)
        if kind == Kind.INT:
            return Ragged(kind, offsets, _parse(present, pa.int64(), int))
        with np.errstate(over="ignore"):
            return Ragged(kind, offsets, _parse(present, pa.float64(), float).astype(np.float32))

    def numbers(self) -> np.ndarray:
        """See Cells."""
        kind = self.infer().kind
        has_all = len(self._present()) == len(self.cells)
        if kind == Kind.INT and has_all:
            return _parse(self.cells, pa.int64(), int)
        result = np.full(len(self.cells), np.nan)
        present = pc.greater(pc.binary_length(self.cells), 0).to_numpy(zero_copy_only=False)
        if kind == Kind.EMPTY:
            return result
        if kind == Kind.BYTES:
            result[present] = [_float_or_nan(cell) for cell in self._present().to_pylist()]
        else:
            result[present] = _parse(self._present(), pa.float64(), float)
        return result

    def texts(self) -> pa.Array:
        """See Cells."""
        return self.cells

    def _present(self) -> pa.Array:
        return self.cells.filter(pc.greater(pc.binary_length(self.cells), 0))

    def _infer_by_python(self, present: pa.Array) -> Inferred:
        counts = present.value_counts()
        values, times = counts.field(0), counts.field(1).to_numpy()
        kinds = _kinds(values)
        is_text = kinds == Kind.BYTES
        kind = Kind(int(kinds.max()))
        numbers = int(times[~is_text].sum())
        if not is_text.any():
            return Inferred(kind, len(present), numbers)
        known = pc.is_in(self.cells, value_set=values.filter(pa.array(is_text)))
        row = int(np.argmax(known.to_numpy(zero_copy_only=False)))
        return Inferred(kind, len(present), numbers, row, readable(self.cells[row].as_py()))


def readable(raw: bytes, limit: int = 80) -> str:
    """Raw bytes as a person may read them in a message, cut to `limit` characters."""
    text = raw.decode("utf-8", "backslashreplace")
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _float_or_nan(cell: bytes) -> float:
    try:
        return float(cell)
    except ValueError:
        return np.nan


def _kind_by_arrow(present: pa.Array) -> Optional[Kind]:
    """The kind of a column that Arrow reads as numbers without a doubt, None for any other."""
    text = present.cast(pa.utf8())
    if _are(text, pa.int64()):
        # Arrow takes hexadecimal integers, Python's int() does not.
        return None if _holds(text, b"x", b"X") else Kind.INT
    if not _are(text, pa.float64()):
        return None
    # Arrow takes "nan(...)", and reads an integer beyond 64 bits, which TFX calls text, as a float.
    if _holds(text, b"("):
        return None
    long = text.filter(pc.greater_equal(pc.binary_length(text), 19))
    return None if pc.any(pc.match_substring_regex(long, r"^[+\-0-9]*$")).as_py() else Kind.FLOAT


def _are(text: pa.Array, numbers: pa.DataType) -> bool:
    """Whether Arrow reads all cells as `numbers`. A cast that fails words an error for each cell, so a few go first."""
    try:
        text.slice(0, _FEW).cast(numbers)
        text.cast(numbers)
    except pa.ArrowInvalid:
        return False
    return True


def _holds(text: pa.Array, *needles: bytes) -> bool:
    """Whether one of `needles` stands in any cell; many times faster than asking cell by cell."""
    data = text.buffers()[2].to_pybytes()
    return any(needle in data for needle in needles)


def _kinds(values: pa.Array) -> np.ndarray:
    """The kind of each of the distinct `values`; only those that could be numbers are tried one by one."""
    kinds = np.full(len(values), int(Kind.BYTES))
    never = pc.match_substring_regex(values.cast(pa.utf8()), r"[^0-9+\-._eEinfatyINFATY\s\x0b]")
    for row in np.flatnonzero(~never.to_numpy(zero_copy_only=False)):
        kinds[row] = int(kind_of_text(values[int(row)].as_py()))
    return kinds


def _parse(present: pa.Array, arrow_type: pa.DataType, python: Callable[[bytes], Union[int, float]]) -> np.ndarray:
    """Cells that are known to be numbers as numbers; by `python` where Arrow does not take their spelling."""
    try:
        return present.cast(pa.utf8()).cast(arrow_type).to_numpy()
    except pa.ArrowInvalid:
        encoded = present.dictionary_encode()
        values = np.array([python(cell) for cell in encoded.dictionary.to_pylist()], arrow_type.to_pandas_dtype())
        return values[encoded.indices.to_numpy()]


def offsets_of(counts: Union[np.ndarray, tuple[int, ...]]) -> np.ndarray:
    """Offsets of rows that have `counts` values each."""
    return np.concatenate(([0], np.cumsum(np.asarray(counts, np.int64))))
