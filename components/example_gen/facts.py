"""The small things that travel between the steps of ingestion: never a row, except the first bad ones."""

import base64
import dataclasses
import json
from typing import Optional

from components.example_gen.cells import Inferred, Kind, readable

SAMPLE = 5
"""Bad rows kept for a message, per range and in all."""
Typed = tuple[str, str]
"""What a column holds, and a file in which it does."""
_SHOWN = 1000
"""Characters of a binary row that stand in the quarantine beside its base64."""


@dataclasses.dataclass(frozen=True)
class Chunk:
    """A part of a file that one worker looks at first; its rows are not aligned yet."""

    file: str
    index: int
    start: int
    stop: int


@dataclasses.dataclass(frozen=True)
class Range:
    """A part of a file that holds whole rows: bytes, or for Parquet row groups."""

    file: str
    start: int
    stop: int
    first_line: int = 1
    """Line (or row) number of its first row, from 1."""
    columns: tuple[str, ...] = ()
    """The header, where the format has one."""
    index: int = 0
    count: int = 1
    """Which of how many ranges of the span; names the shards."""


@dataclasses.dataclass(frozen=True)
class BadRow:
    """A row that goes to quarantine."""

    file: str
    place: str
    """Where in the file: `line 7`, `row 7`, `byte 1024`."""
    reason: str
    raw: bytes

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.reason}. Received: {readable(self.raw, 120)!r}"

    def to_json(self) -> str:
        """One line of the quarantine."""
        fields = {"file": self.file, "place": self.place, "reason": self.reason}
        try:
            fields["raw"] = self.raw.decode()
        except UnicodeDecodeError:
            fields["raw"] = readable(self.raw, _SHOWN)
            fields["raw_base64"] = base64.b64encode(self.raw).decode()
        return json.dumps(fields, ensure_ascii=False)


@dataclasses.dataclass(frozen=True)
class Column:
    """What a range says about a column; `place` is that of its first cell that is no number."""

    inferred: Inferred
    place: str = ""

    def merge(self, other: "Column") -> "Column":
        """Both together; of two first text cells, this one's stays."""
        mine, theirs = self.inferred, other.inferred
        first = self if mine.text_row is not None or theirs.text_row is None else other
        return Column(
            Inferred(
                Kind(max(mine.kind, theirs.kind)),
                mine.cells + theirs.cells,
                mine.numbers + theirs.numbers,
                first.inferred.text_row,
                first.inferred.text,
            ),
            first.place,
        )


@dataclasses.dataclass
class RangeFacts:
    """What the first pass over a range found."""

    index: int
    file: str
    rows: int = 0
    bad: int = 0
    first_bad: tuple[BadRow, ...] = ()
    columns: dict[str, Column] = dataclasses.field(default_factory=dict)
    types: dict[str, Typed] = dataclasses.field(default_factory=dict)
    """Of columns that arrive with a type."""
    error: Optional[str] = None


@dataclasses.dataclass
class Written:
    """What the second pass over a range wrote and set aside."""

    index: int
    rows: dict[str, int] = dataclasses.field(default_factory=dict)
    """Per split."""
    bad: int = 0
    first_bad: tuple[BadRow, ...] = ()


@dataclasses.dataclass(frozen=True)
class Plan:
    """How the span is cut, or why it cannot be."""

    ranges: tuple[Range, ...] = ()
    error: Optional[str] = None


@dataclasses.dataclass(frozen=True)
class Summary:
    """What all ranges together say: the types to write with, or why nothing is written."""

    kinds: dict[str, Kind] = dataclasses.field(default_factory=dict)
    rows: int = 0
    bad: int = 0
    notes: tuple[str, ...] = ()
    error: Optional[str] = None
