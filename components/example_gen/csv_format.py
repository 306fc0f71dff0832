"""CSV: parsed in blocks by Arrow; only a block that holds something wrong is looked at row by row."""

import csv
import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Optional

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset

from components.errors import InputError
from components.example_gen import text_ranges
from components.example_gen.cells import TextCells
from components.example_gen.delimiters import DELIMITERS
from components.example_gen.facts import BadRow, Range
from components.example_gen.formats import TableBlock
from components.example_gen.text_files import TextFiles, not_utf8

_GZIP = b"\x1f\x8b"


class Csv(TextFiles):
    """CSV with a header. Quoting as in Python's csv module, which TFX uses: doubled quotes, no escapes."""

    has_header = True
    has_quotes = True

    def parse_header(self, file: str, line: bytes) -> tuple[str, ...]:
        """The columns that the header names.

        Raises:
            InputError: it is no text with an end, or a column is unnamed or named twice.
        """
        text = self._header_text(file, line)
        names = tuple(self._split(text))
        for position, name in enumerate(names):
            if not name.strip():
                raise InputError(f"{file}, line 1: column {position + 1} has no name. Received: {text.strip()!r}")
            if name in names[:position]:
                first = names.index(name) + 1
                raise InputError(
                    f"{file}, line 1: columns {first} and {position + 1} are both named {name!r}. Rename one"
                )
        if not names:
            raise InputError(f"{file}, line 1: the header is blank. The first line must name the columns")
        other = next((each for each in DELIMITERS if each in names[0]), None) if len(names) == 1 else None
        if other and '"' not in text:
            raise InputError(f"{file}, line 1: one column, {names[0]!r}. Set data.delimiter to {other!r}")
        return names

    def _header_text(self, file: str, line: bytes) -> str:
        if line.startswith(_GZIP):
            raise InputError(f"{file}: this is gzip, and its name does not say so. Set data.compression to gzip")
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise InputError(f"{file}, line 1: the header is not UTF-8 ({error}). Convert the file to UTF-8") from error
        if self._ends_quoted(line):
            raise InputError(
                f'{file}, line 1: a quote is opened in the header and never closed. Write a quote within a name as ""'
            )
        if "\0" in text:
            raise InputError(f"{file}, line 1: the header holds a NUL byte. Convert the file to UTF-8")
        if re.search(r"\r(?!\n)", text.rstrip("\r\n")):
            raise InputError(f"{file}, line 1: the lines end in CR alone. Convert them to LF or CRLF")
        return text

    def read(self, part: Range) -> Iterator[TableBlock]:
        """See Format."""
        for line, data in self.blocks(part):
            yield self._block(part, line, data)

    def _block(self, part: Range, line: int, data: bytes) -> TableBlock:
        bad: list[BadRow] = []
        table = None if _suspicious(data) else self._parse(data, part.columns)
        lines: Optional[np.ndarray] = None
        if table is None:
            data, lines, bad = self._sift(part, line, data)
            table = self._parse(data, part.columns)
            if table is None:
                raise InputError(f"{part.file}, from line {line}: these rows are read as no table. Check their quotes")
        columns = {name: TextCells(_whole(table.column(index))) for index, name in enumerate(part.columns)}
        origin = _Lines(data, line, lines, self._settings.delimiter)
        return TableBlock(table.num_rows, origin, columns, bad)

    def _parse(self, data: bytes, columns: tuple[str, ...]) -> Optional[pa.Table]:
        """The cells as binary columns; None where a row has too many or too few of them."""
        names = [str(index) for index in range(len(columns))]
        if not data.strip(b"\r\n"):
            return pa.table({name: pa.array([], pa.binary()) for name in names})
        # Not pyarrow.csv.read_csv: before each call it walks through all objects of the process (0.2 s with TFX loaded)
        # to undo a reference cycle of its signal handling on Python 3.10. Datasets use the same parser without it.
        source = pyarrow.dataset.CsvFileFormat(
            read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=len(data) + 1),
            parse_options=pyarrow.csv.ParseOptions(delimiter=self._settings.delimiter, newlines_in_values=b'"' in data),
            convert_options=pyarrow.csv.ConvertOptions(strings_can_be_null=False),
        )
        schema = pa.schema([(name, pa.binary()) for name in names])
        try:
            return source.make_fragment(pa.BufferReader(data)).to_table(schema=schema, batch_size=len(data) + 1)
        except pa.ArrowInvalid:
            return None

    def _sift(self, part: Range, line: int, data: bytes) -> tuple[bytes, np.ndarray, list[BadRow]]:
        """The good rows of `data`, their lines, and the bad rows."""
        good, lines, bad = [], [], []
        for row_line, row in _rows(data, line, text_ranges.row_starts(data, self._settings.delimiter).tolist()):
            cells, reason = self._cells(row)
            if not reason and cells and len(cells) != len(part.columns):
                found = f"{len(cells)} cell{'s' if len(cells) != 1 else ''}"
                reason = f"expected {len(part.columns)} cells, as in the header, but the row has {found}"
            if reason:
                bad.append(BadRow(part.file, f"line {row_line}", reason, row.rstrip(b"\r\n")))
            elif cells:
                good.append(row)
                lines.append(row_line)
        return b"".join(good), np.array(lines, np.int64), bad

    def _cells(self, row: bytes) -> tuple[list[str], str]:
        """The cells of a row, and what is wrong with it, if anything."""
        try:
            text = row.decode()
        except UnicodeDecodeError as error:
            return [], not_utf8(error)
        if "\0" in text:
            return [], "the row holds a NUL byte"
        try:
            return self._split(text), ""
        except csv.Error:
            return [], "a carriage return stands in a cell without quotes"

    def _split(self, row: str) -> list[str]:
        csv.field_size_limit(max(csv.field_size_limit(), len(row)))
        return next(csv.reader([row], delimiter=self._settings.delimiter), [])


class _Lines:
    """Finds rows of a block again; what it needs is only worked out when someone asks."""

    def __init__(self, data: bytes, line: int, lines: Optional[np.ndarray], delimiter: str) -> None:
        self._data = data
        self._line = line
        self._known = lines
        self._delimiter = delimiter
        self._seen: list[tuple[int, bytes]] = []

    def place(self, row: int) -> str:
        """See Origin."""
        return f"line {self._known[row] if self._known is not None else self._row(row)[0]}"

    def raw(self, row: int) -> bytes:
        """See Origin."""
        return self._row(row)[1].rstrip(b"\r\n")

    def _row(self, row: int) -> tuple[int, bytes]:
        while len(self._seen) <= row:
            self._seen.append(next(self._left))
        return self._seen[row]

    @functools.cached_property
    def _left(self) -> Iterator[tuple[int, bytes]]:
        """The rows that nobody has asked for yet."""
        starts = text_ranges.row_starts(self._data, self._delimiter).tolist()
        return (found for found in _rows(self._data, self._line, starts) if found[1].strip(b"\r\n"))


def _rows(data: bytes, line: int, starts: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """The rows of `data` with the number of their first line; blank ones too."""
    start = 0
    for stop in itertools.chain(starts, (len(data),)):
        if stop > start:
            yield line, data[start:stop]
            line += data.count(b"\n", start, stop)
            start = stop


def _suspicious(data: bytes) -> bool:
    """Whether something may be wrong that Arrow would take without a word."""
    if b"\0" in data or data.count(b"\r") != data.count(b"\r\n"):
        return True
    if data.isascii():
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.array([], pa.binary())])
