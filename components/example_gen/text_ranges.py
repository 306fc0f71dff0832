"""Cuts text files into ranges of whole rows, without reading a file in one piece.

A chunk begins after a line end, but may begin inside a quoted cell. So each chunk is scanned for both cases
(it begins between rows, or in quotes), and `align` picks the right one when the chunks before it are known.
A quote opens a cell only at the cell's beginning, as in Python's csv module; elsewhere it is a plain character.
"""

import dataclasses
from collections.abc import Sequence
from typing import Optional

import numpy as np

from components.errors import InputError
from components.example_gen.facts import Range

_QUOTE, _NEWLINE = ord('"'), ord("\n")


@dataclasses.dataclass(frozen=True)
class Case:
    """What a chunk looks like if it begins between rows, or in quotes."""

    ends_quoted: bool
    first_row: Optional[int] = None
    """Offset of the first row that begins in the chunk; None where none does."""
    first_row_line: int = 0
    """How many line ends stand before it."""
    last_row_line: int = 0
    """How many line ends stand before the last row that begins in the chunk."""


@dataclasses.dataclass(frozen=True)
class Scan:
    """A chunk that was looked at. Offsets are the file's."""

    file: str
    index: int
    start: int
    stop: int
    lines: int
    between: Case
    quoted: Case
    header: tuple[str, ...] = ()
    header_stop: int = 0
    header_lines: int = 0


def row_starts(data: bytes, delimiter: str, quoted: bool = False) -> np.ndarray:
    """Offsets of the rows that begin in `data`, but for one at its very start; the last may be its length.

    `data` begins after a line end; `quoted` says whether inside a quoted cell.
    """
    array = np.frombuffer(data, np.uint8)
    newlines = np.flatnonzero(array == _NEWLINE)
    quotes = np.flatnonzero(array == _QUOTE)
    return newlines[~_states_at(newlines, quotes, _states(array, quotes, delimiter, quoted), quoted)] + 1


def cases(data: bytes, delimiter: str, quotes_matter: bool) -> tuple[int, Case, Case]:
    """The number of line ends in `data`, and what it holds in either case."""
    array = np.frombuffer(data, np.uint8)
    newlines = np.flatnonzero(array == _NEWLINE)
    quotes = np.flatnonzero(array == _QUOTE) if quotes_matter else np.zeros(0, np.int64)
    found = []
    open_states = _states(array, quotes, delimiter, False)
    for quoted in (False, True):
        states = open_states if not quoted else _states(array, quotes, delimiter, True, open_states)
        row_ends = np.flatnonzero(~_states_at(newlines, quotes, states, quoted))
        # A row end at the very end of the data begins no row here.
        row_ends = row_ends[newlines[row_ends] + 1 < len(data)]
        found.append(_case(newlines, row_ends, quoted, bool(states[-1]) if len(states) else quoted, len(data)))
    return len(newlines), found[0], found[1]


def _case(newlines: np.ndarray, row_ends: np.ndarray, quoted: bool, ends_quoted: bool, size: int) -> Case:
    last = int(row_ends[-1]) + 1 if len(row_ends) else 0
    if not quoted and size:
        return Case(ends_quoted, 0, 0, last)
    if not len(row_ends):
        return Case(ends_quoted)
    return Case(ends_quoted, int(newlines[row_ends[0]]) + 1, int(row_ends[0]) + 1, last)


def _states_at(newlines: np.ndarray, quotes: np.ndarray, states: np.ndarray, quoted: bool) -> np.ndarray:
    """Per newline, whether it stands in quotes."""
    return np.concatenate(([quoted], states))[np.searchsorted(quotes, newlines)]


def _states(
    array: np.ndarray, quotes: np.ndarray, delimiter: str, quoted: bool, known: Optional[np.ndarray] = None
) -> np.ndarray:
    """Per quote, whether the text after it is in quotes.

    `known` are the states of the other case: as soon as both agree, they stay the same.
    """
    if not len(quotes):
        return np.zeros(0, bool)
    before = array[np.maximum(quotes - 1, 0)]
    at_start = (before == ord(delimiter)) | (before == _NEWLINE) | (quotes == 0)
    follows = np.diff(quotes, prepend=-2) == 1
    alternating = np.arange(len(quotes)) % 2 == (1 if quoted else 0)
    if known is None and (at_start | follows)[alternating].all():
        return alternating
    return _walk(at_start.tolist(), follows.tolist(), quoted, known)


def _walk(at_start: list[bool], follows: list[bool], quoted: bool, known: Optional[np.ndarray]) -> np.ndarray:
    """The states quote by quote, for text in which some quotes are plain characters."""
    states = np.zeros(len(at_start), bool)
    other = known.tolist() if known is not None else []
    other_before, closed = not quoted, False
    for index, starts in enumerate(at_start):
        was_quoted = quoted
        quoted = not was_quoted and (starts or (closed and follows[index]))
        closed = was_quoted
        states[index] = quoted
        if other and other[index] == quoted and (other_before and not quoted) == closed:
            states[index:] = known[index:]  # type: ignore[index]
            break
        other_before = other[index] if other else False
    return states


def align(scans: Sequence[Scan]) -> list[Range]:
    """The ranges of one file: from the first row of a chunk to that of the next.

    Raises:
        InputError: a quote is never closed.
    """
    scans = sorted(scans, key=lambda scan: scan.index)
    starts: list[tuple[int, int]] = []
    line, quoted, last_row = 1, False, 1
    for scan in scans:
        case = scan.quoted if quoted else scan.between
        if case.first_row is not None:
            starts.append((scan.start + case.first_row, line + case.first_row_line))
            last_row = line + case.last_row_line
        line, quoted = line + scan.lines, case.ends_quoted
    if quoted:
        raise InputError(
            f"{scans[0].file}, line {last_row}: a quote is opened in this row and never closed. "
            'Close it, or write a quote within a quoted cell as ""'
        )
    return _without_header(scans[0], starts, scans[-1].stop)


def _without_header(first: Scan, starts: list[tuple[int, int]], size: int) -> list[Range]:
    stops = [start for start, _ in starts[1:]] + [size]
    ranges = []
    for (start, line), stop in zip(starts, stops, strict=True):
        if stop > first.header_stop:
            inside = start < first.header_stop
            ranges.append(
                Range(
                    first.file,
                    first.header_stop if inside else start,
                    stop,
                    first.header_lines + 1 if inside else line,
                    first.header,
                )
            )
    return ranges or [Range(first.file, size, size, first.header_lines + 1, first.header)]
