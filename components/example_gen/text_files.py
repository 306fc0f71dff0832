"""What CSV and JSON Lines share: text files, plain ones cut into ranges, gzip streams read in one go."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from components.errors import InputError
from components.example_gen import text_ranges
from components.example_gen.facts import Chunk, Range
from components.example_gen.settings import Settings
from components.gzip_streams import decompressed

_LOOK_AHEAD = 64 << 10
_LONGEST_HEADER = 1 << 20
_LONGEST_ROW = 64 << 20
"""A row is read as a whole. Bytes without an end of one are no text that is meant."""
BOM = b"\xef\xbb\xbf"


@contextlib.contextmanager
def opened(path: str, is_gzip: bool) -> Iterator[BinaryIO]:
    """The file's content, decompressed.

    Raises:
        InputError: a gzip stream is corrupt or ends early (also while it is read).
    """
    with FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as raw:
        if not is_gzip:
            yield raw
            return
        advice = "Fetch the file again, or set data.compression to none if it is plain"
        with decompressed(path, raw, advice) as stream:
            yield stream  # type: ignore[misc]


def not_utf8(error: UnicodeDecodeError) -> str:
    """What is wrong with a row that cannot be decoded."""
    return f"expected UTF-8, but byte {error.start + 1} of the row is 0x{error.object[error.start]:02x}"


class TextFiles:
    """Ranges and blocks of text files. Subclasses say whether there is a header and whether quotes matter."""

    has_header = False
    has_quotes = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def parse_header(self, file: str, line: bytes) -> tuple[str, ...]:
        """The columns that the first row of a file names: none where the format has no header."""
        del file, line
        return ()

    def chunks(self, file: str, size: int) -> list[Chunk]:
        """See Format."""
        if not size:
            raise InputError(f"{file}: the file is empty. Remove it, or write a header and rows into it")
        if self._settings.is_gzip(file):
            return [Chunk(file, 0, 0, size)]
        step = self._settings.range_bytes
        return [Chunk(file, index, start, min(start + step, size)) for index, start in enumerate(range(0, size, step))]

    def scan(self, chunk: Chunk) -> text_ranges.Scan:
        """See Format."""
        is_gzip = self._settings.is_gzip(chunk.file)
        with opened(chunk.file, is_gzip) as file:
            header, header_stop, header_lines = self._header(chunk.file, file) if not chunk.index else ((), 0, 0)
            if is_gzip:
                between, quoted = text_ranges.Case(ends_quoted=False, first_row=0), text_ranges.Case(ends_quoted=False)
                return text_ranges.Scan(
                    chunk.file, 0, header_stop, chunk.stop, 0, between, quoted, header, header_stop, header_lines
                )
            start = _after_newline(chunk.file, file, chunk.start)
            stop = _after_newline(chunk.file, file, chunk.stop)
            file.seek(start)
            data = file.read(stop - start)
        if not chunk.index and data.startswith(BOM):
            start, data = start + len(BOM), data[len(BOM) :]
        lines, between, quoted = text_ranges.cases(data, self._settings.delimiter, self.has_quotes)
        return text_ranges.Scan(
            chunk.file, chunk.index, start, stop, lines, between, quoted, header, header_stop, header_lines
        )

    def plan(self, scans: Sequence[text_ranges.Scan]) -> list[Range]:
        """See Format."""
        if self._settings.is_gzip(scans[0].file):
            only = scans[0]
            return [Range(only.file, only.header_stop, -1, only.header_lines + 1, only.header)]
        return text_ranges.align(scans)

    def blocks(self, part: Range) -> Iterator[tuple[int, bytes]]:
        """Whole rows of a range with the number of their first line, in pieces of about `range_bytes`."""
        with opened(part.file, self._settings.is_gzip(part.file)) as file:
            file.seek(part.start)
            if part.stop >= 0:
                yield part.first_line, file.read(part.stop - part.start)
            else:
                yield from self._stream(part, file)

    def _stream(self, part: Range, file: BinaryIO) -> Iterator[tuple[int, bytes]]:
        line, rest = part.first_line, b""
        while piece := file.read(max(self._settings.range_bytes, len(rest))):
            rest += piece
            starts = self._row_starts(rest)
            if len(starts):
                data, rest = rest[: starts[-1]], rest[starts[-1] :]
                yield line, data
                line += data.count(b"\n")
            if len(rest) > _LONGEST_ROW:
                raise _endless(part.file, f"line {line}")
        if rest:
            if self.has_quotes and self._ends_quoted(rest):
                raise InputError(
                    f"{part.file}, line {line}: a quote is opened in this row and never closed. "
                    'Close it, or write a quote within a quoted cell as ""'
                )
            yield line, rest

    def _row_starts(self, data: bytes) -> Sequence[int]:
        if self.has_quotes:
            return text_ranges.row_starts(data, self._settings.delimiter)  # type: ignore[return-value]
        last = data.rfind(b"\n") + 1
        return [last] if last else []

    def _ends_quoted(self, data: bytes) -> bool:
        return text_ranges.cases(data, self._settings.delimiter, True)[1].ends_quoted

    def _header(self, path: str, file: BinaryIO) -> tuple[tuple[str, ...], int, int]:
        """The header's columns, where it ends and how many lines it has; nothing where the format has none."""
        data, complete = b"", False
        while not complete:
            piece = file.read(max(_LOOK_AHEAD, len(data)))
            data += piece
            skip = len(BOM) if data.startswith(BOM) else 0
            if not self.has_header:
                return (), skip, 0
            starts = text_ranges.row_starts(data[skip:], self._settings.delimiter)
            complete = bool(len(starts)) or not piece
            if not complete and len(data) > _LONGEST_HEADER:
                raise InputError(
                    f"{path}, line 1: the header does not end within {len(data) >> 20} MiB. Is a quote opened in it "
                    "and never closed, or do the lines end in CR alone?"
                )
        if not data[skip:]:
            raise InputError(f"{path}: the file is empty. Remove it, or write a header and rows into it")
        stop = skip + int(starts[0]) if len(starts) else len(data)
        header = data[skip:stop]
        return self.parse_header(path, header), stop, max(1, header.count(b"\n"))


def _after_newline(path: str, file: BinaryIO, position: int) -> int:
    """The first position at or after `position` that begins a line (or the end of the file)."""
    if position <= 0:
        return 0
    file.seek(position - 1)
    begin = position = position - 1
    while piece := file.read(_LOOK_AHEAD):
        found = piece.find(b"\n")
        if found >= 0:
            return position + found + 1
        position += len(piece)
        if position - begin > _LONGEST_ROW:
            raise _endless(path, f"byte {begin}")
    return position


def _endless(path: str, place: str) -> InputError:
    return InputError(
        f"{path}, {place}: no row ends within {_LONGEST_ROW >> 20} MiB from here. Is a quote opened and never closed, "
        "or is this a file of another format?"
    )
