"""A quick look at a CSV file: what `millrace new` has to know about each column."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from components.errors import InputError
from components.example_gen.delimiters import DELIMITERS

SAMPLE_BYTES = 64 << 20
"""No more than this is read (after decompression); a config needs a guess, not statistics."""


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of the sample. Values are the cells' texts; an empty cell is a missing value."""

    name: str
    kind: Literal["int", "float", "text"]
    present: int
    missing: int
    values: tuple[str, ...]
    """The distinct values, most frequent first, at most 1,001 of them; whole numbers without a fraction."""
    distinct: int
    most_frequent: int
    """How often the most frequent value stands there."""
    low: float = 0.0
    """Of numbers: minimum, maximum and standard deviation."""
    high: float = 0.0
    deviation: float = 0.0
    leading_zeros: bool = False
    """All cells are digits, some of them with a leading zero: codes, not numbers."""


@dataclasses.dataclass(frozen=True)
class Profile:
    """What the sample of a file shows."""

    columns: tuple[Column, ...]
    delimiter: str
    rows: int
    bad_rows: int
    """Rows with another number of cells than the header."""
    whole: bool
    """The sample is the whole file."""


def profile(path: str, delimiter: str | None = None) -> Profile:
    """Read the first `SAMPLE_BYTES` of a CSV file, plain or gzip.

    Raises:
        InputError: there is no such file, or it is no CSV file with a usable header and rows.
    """
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0'):
        raise InputError(f"--delimiter must be one ASCII character, but no quote or line end. Received: {delimiter!r}")
    sample, whole = _sample(path)
    delimiter = delimiter or max(DELIMITERS, key=sample.partition(b"\n")[0].decode().count)
    names = next(csv.reader(io.TextIOWrapper(io.BytesIO(sample), "utf-8-sig", newline=""), delimiter=delimiter), [])
    _check_header(path, names)
    table, bad_rows = _parse(path, sample, names, delimiter)
    columns = tuple(_column(name, table[name].combine_chunks()) for name in names)
    return Profile(columns=columns, delimiter=delimiter, rows=table.num_rows, bad_rows=bad_rows, whole=whole)


def _sample(path: str) -> tuple[bytes, bool]:
    """The first bytes of the file, ending with a whole line, and whether they are all of it."""
    try:
        with pa.input_stream(path, compression="detect") as stream:
            data: bytes = stream.read(SAMPLE_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: {error}") from None
    whole = len(data) <= SAMPLE_BYTES
    data = data if whole else data[: data.rfind(b"\n", 0, SAMPLE_BYTES) + 1]
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}: not UTF-8 (byte 0x{data[error.start]:02x}); save the file as UTF-8") from None
    return data, whole


def _check_header(path: str, names: list[str]) -> None:
    if not names:
        raise InputError(f"{path}: the file is empty; a header line and rows were expected")
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise InputError(f"{path}:1: the header names {', '.join(map(repr, twins))} more than once")
    nameless = [number for number, name in enumerate(names, 1) if not name.strip()]
    if nameless:
        raise InputError(f"{path}:1: column {nameless[0]} of the header has no name")


def _parse(path: str, sample: bytes, names: list[str], delimiter: str) -> tuple[pa.Table, int]:
    """All cells as text, missing ones as null; and how many rows had the wrong number of cells."""
    bad: list[int] = []

    def skip(row: pa.csv.InvalidRow) -> str:
        bad.append(1)
        return "skip"

    try:
        table = pa.csv.read_csv(
            pa.BufferReader(sample),
            parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
        )
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}: {error}") from None
    if not table.num_rows:
        why = f", but {len(bad)} with another number of cells than its {len(names)}; check the quotes" if bad else ""
        raise InputError(f"{path}: no rows after the header{why}")
    return table, len(bad)


def _column(name: str, cells: pa.Array) -> Column:
    present = cells.drop_null()
    numbers = _numbers(present)
    codes = numbers is not None and _leading_zeros(present)
    whole = numbers is not None and not codes and _whole(numbers)
    if whole:
        # 1.0, 2.0 are what a table with holes makes of whole numbers.
        present = pc.cast(pc.cast(numbers, pa.int64()), pa.string())
    counts = sorted(pc.value_counts(present).to_pylist(), key=lambda entry: (-entry["counts"], entry["values"]))
    shared = {
        "name": name,
        "present": len(present),
        "missing": cells.null_count,
        "values": tuple(entry["values"] for entry in counts[:1001]),
        "distinct": len(counts),
        "most_frequent": counts[0]["counts"] if counts else 0,
    }
    if not len(present) or numbers is None or codes:
        return Column(kind="text", leading_zeros=codes, **shared)
    bounds = pc.min_max(numbers).as_py()
    return Column(
        kind="int" if whole else "float",
        low=bounds["min"],
        high=bounds["max"],
        deviation=pc.stddev(numbers).as_py(),
        **shared,
    )


def _numbers(cells: pa.Array) -> pa.Array | None:
    """The cells as numbers; None where one of them is none."""
    try:
        return pc.cast(cells, pa.float64())
    except pa.ArrowInvalid:
        return None


def _whole(numbers: pa.Array) -> bool:
    """Whether all are integers, of a size that a float64 holds exactly."""
    exact = pc.and_(pc.equal(numbers, pc.floor(numbers)), pc.less(pc.abs(numbers), 2.0**53))
    return bool(pc.all(exact).as_py())


def _leading_zeros(cells: pa.Array) -> bool:
    """Whether all cells are digits, and some begin with a zero that means something."""
    digits = pc.all(pc.match_substring_regex(cells, r"^\d+$")).as_py()
    return bool(digits and pc.any(pc.match_substring_regex(cells, r"^0\d")).as_py())


def looks_like_time(column: Column) -> bool:
    """Whether every distinct value begins like an ISO date (2024-01-31)."""
    return bool(column.values) and all(re.match(r"\d{4}-\d{2}-\d{2}([ T]|$)", value) for value in column.values)
