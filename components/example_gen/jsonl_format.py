"""JSON Lines: an object per line. Numbers, text, booleans (as 0 and 1), lists of them; null is missing."""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from typing import Any, Optional

import numpy as np
import pyarrow as pa

from components.example_gen.cells import Inferred, Kind, Ragged, offsets_of, readable
from components.example_gen.facts import BadRow, Range
from components.example_gen.formats import TableBlock
from components.example_gen.text_files import TextFiles, not_utf8


@dataclasses.dataclass(frozen=True)
class JsonCells:
    """A column of JSON: a list of values per row."""

    rows: Sequence[Sequence[Any]]

    def slice(self, start: int, stop: int) -> "JsonCells":
        """See Cells."""
        return JsonCells(self.rows[start:stop])

    def keep(self, mask: np.ndarray) -> "JsonCells":
        """See Cells."""
        return JsonCells([self.rows[row] for row in np.flatnonzero(mask)])

    def infer(self) -> Inferred:
        """See Cells."""
        kinds = [max((_kind(value) for value in row), default=Kind.EMPTY) for row in self.rows]
        cells = sum(kind != Kind.EMPTY for kind in kinds)
        numbers = sum(kind in (Kind.INT, Kind.FLOAT) for kind in kinds)
        kind = max(kinds, default=Kind.EMPTY)
        if kind != Kind.BYTES:
            return Inferred(kind, cells, numbers)
        row = kinds.index(Kind.BYTES)
        return Inferred(kind, cells, numbers, row, readable(json.dumps(self.rows[row][0]).encode()))

    def ragged(self, kind: Kind) -> Ragged:
        """See Cells."""
        offsets = offsets_of(tuple(len(row) for row in self.rows))
        flat = [value for row in self.rows for value in row]
        if kind == Kind.BYTES:
            return Ragged(kind, offsets, pa.array([_text(value) for value in flat], pa.binary()))
        if kind == Kind.INT:
            return Ragged(kind, offsets, np.array(flat, np.int64))
        if kind == Kind.FLOAT:
            with np.errstate(over="ignore"):
                return Ragged(kind, offsets, np.array([float(value) for value in flat]).astype(np.float32))
        return Ragged(kind, offsets, None)

    def numbers(self) -> np.ndarray:
        """See Cells."""
        if all(len(row) == 1 and _kind(row[0]) == Kind.INT for row in self.rows):
            return np.array([row[0] for row in self.rows], np.int64)
        return np.array([_number(row[0]) if len(row) == 1 else np.nan for row in self.rows], np.float64)

    def texts(self) -> pa.Array:
        """See Cells."""
        return pa.array([_text(row[0]) if len(row) == 1 else b"" for row in self.rows], pa.binary())


class JsonLines(TextFiles):
    """Objects, one a line; blank lines are skipped."""

    def read(self, part: Range) -> Iterator[TableBlock]:
        """See Format."""
        for first, data in self.blocks(part):
            objects: list[dict[str, Any]] = []
            origin = _Lines([], [])
            bad: list[BadRow] = []
            for line, raw in enumerate(data.split(b"\n"), first):
                if not raw.strip():
                    continue
                record, reason = _parse(raw)
                if record is None:
                    bad.append(BadRow(part.file, f"line {line}", reason, raw))
                    continue
                objects.append(record)
                origin.lines.append(line)
                origin.rows.append(raw)
            names = list(dict.fromkeys(name for record in objects for name in record))
            columns = {name: JsonCells([_values(record.get(name)) for record in objects]) for name in names}
            yield TableBlock(len(objects), origin, columns, bad)


@dataclasses.dataclass(frozen=True)
class _Lines:
    lines: list[int]
    rows: list[bytes]

    def place(self, row: int) -> str:
        """See Origin."""
        return f"line {self.lines[row]}"

    def raw(self, row: int) -> bytes:
        """See Origin."""
        return self.rows[row]


def _parse(raw: bytes) -> tuple[Optional[dict[str, Any]], str]:
    """The object on a line, or what is wrong with it."""
    try:
        record = json.loads(raw.decode())
        if b"\\u" in raw:
            json.dumps(record, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        return None, not_utf8(error)
    except UnicodeEncodeError:
        return None, "a \\u escape names half of a surrogate pair"
    except json.JSONDecodeError as error:
        return None, f"expected a JSON object, but at column {error.colno}: {error.msg}"
    except ValueError as error:  # a number with more digits than Python reads
        return None, f"expected a JSON object, but {error}"
    except RecursionError:
        return None, "expected a JSON object, but its lists and objects lie too deep in each other"
    if not isinstance(record, dict):
        return None, f"expected a JSON object, but the line holds {_name(record)}"
    for name, value in record.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, (dict, list)) or (item is None and value is not None):
                return (
                    None,
                    f"{name!r}: expected a number, text, boolean or a list of them, but it holds {_name(item)}",
                )
    return record, ""


def _values(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def _kind(value: Any) -> Kind:
    if isinstance(value, int):
        return Kind.INT if -(2**63) <= value < 2**63 else Kind.BYTES
    return Kind.FLOAT if isinstance(value, float) else Kind.BYTES


def _text(value: Any) -> bytes:
    return (value if isinstance(value, str) else json.dumps(value)).encode()


def _number(value: Any) -> float:
    try:
        return float(value)
    except (ValueError, OverflowError):
        return np.nan


def _name(value: Any) -> str:
    names = {dict: "an object", list: "a list", type(None): "a null", str: "a string", bool: "a boolean"}
    return names.get(type(value), "a number")
