"""Columns that arrive with a type: Parquet's, and features of tf.Examples."""

import dataclasses
import itertools

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_gen.cells import Inferred, Kind, Ragged, TextCells, offsets_of


def kind_of_type(arrow_type: pa.DataType) -> Kind:
    """The kind of column that `arrow_type` becomes.

    Raises:
        TypeError: there is no such kind (a struct, a timestamp, a list of lists).
    """
    types = pa.types
    if (is_list(arrow_type) and not is_list(arrow_type.value_type)) or types.is_dictionary(arrow_type):
        return kind_of_type(arrow_type.value_type)
    if types.is_integer(arrow_type) or types.is_boolean(arrow_type):
        return Kind.INT
    if types.is_floating(arrow_type):
        return Kind.FLOAT
    if types.is_null(arrow_type):
        return Kind.EMPTY
    if any(
        check(arrow_type) for check in (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    ):
        return Kind.BYTES
    raise TypeError(arrow_type)


def is_list(arrow_type: pa.DataType) -> bool:
    """Whether a row has any number of values."""
    return pa.types.is_list(arrow_type) or pa.types.is_large_list(arrow_type)


_TARGET = {Kind.INT: pa.int64(), Kind.FLOAT: pa.float64(), Kind.BYTES: pa.binary()}


@dataclasses.dataclass(frozen=True)
class ArrowCells:
    """A typed column, with one value per row or lists of them; null is missing."""

    array: pa.Array

    def slice(self, start: int, stop: int) -> "ArrowCells":
        """See Cells."""
        return ArrowCells(self.array.slice(start, stop - start))

    def keep(self, mask: np.ndarray) -> "ArrowCells":
        """See Cells."""
        return ArrowCells(self.array.filter(pa.array(mask)))

    def infer(self) -> Inferred:
        """See Cells."""
        kind = kind_of_type(self.array.type)
        cells = int((np.diff(self._flat()[0]) > 0).sum())
        return Inferred(kind if cells else Kind.EMPTY, cells, cells if kind in (Kind.INT, Kind.FLOAT) else 0)

    def ragged(self, kind: Kind) -> Ragged:
        """See Cells."""
        offsets, values = self._flat()
        if kind == Kind.EMPTY:
            return Ragged(kind, offsets, None)
        values = _cast(values, _TARGET[kind])
        if kind == Kind.BYTES:
            return Ragged(kind, offsets, values)
        numbers = values.to_numpy(zero_copy_only=False)
        with np.errstate(over="ignore"):
            return Ragged(kind, offsets, numbers.astype(np.float32) if kind == Kind.FLOAT else numbers)

    def numbers(self) -> np.ndarray:
        """See Cells."""
        if kind_of_type(self.array.type) == Kind.BYTES:
            return TextCells(self.texts()).numbers()
        offsets, values = self._flat()
        single = np.diff(offsets) == 1
        if pa.types.is_integer(values.type) and single.all():
            return _cast(values, pa.int64()).to_numpy(zero_copy_only=False)
        result = np.full(len(single), np.nan)
        flat = _cast(values, pa.float64()).to_numpy(zero_copy_only=False)
        result[single] = flat[offsets[:-1][single]]
        return result

    def texts(self) -> pa.Array:
        """See Cells."""
        offsets, values = self._flat()
        flat = _cast(values, pa.binary()).to_pylist()
        bounds = itertools.pairwise(offsets.tolist())
        return pa.array([flat[start] if stop - start == 1 else b"" for start, stop in bounds], pa.binary())

    def _flat(self) -> tuple[np.ndarray, pa.Array]:
        """Offsets and values without the nulls."""
        array = self.array
        if not is_list(array.type):
            present = array.is_valid().to_numpy(zero_copy_only=False)
            return offsets_of(present), array.drop_null()
        values, parents = array.flatten(), pc.list_parent_indices(array)
        rows = parents.filter(values.is_valid()).to_numpy(zero_copy_only=False)
        return offsets_of(np.bincount(rows, minlength=len(array))), values.drop_null()


def _cast(values: pa.Array, target: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if target == pa.binary() and kind_of_type(values.type) != Kind.BYTES:
        values = values.cast(pa.utf8())
    if pa.types.is_boolean(values.type) and target == pa.float64():
        values = values.cast(pa.int64())
    # Integers beyond 2**53 lose digits as floats, which is what float32 features mean anyway.
    return values.cast(target, safe=target != pa.float64())
