"""Cron expressions, as KFP's backend reads them: github.com/robfig/cron v1.2.0, parser.go and spec.go."""

from __future__ import annotations

import dataclasses
import re
from typing import Union

from components.errors import InputError

_DESCRIPTORS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_PART = re.compile(r"(?:[*?]|(\w+)(?:-(\w+))?)(?:/0*[1-9]\d*)?", re.ASCII)
"""Of what commas join: `*`, `5`, `mon-fri`, each with a step perhaps: `*/10`."""


@dataclasses.dataclass(frozen=True)
class _Field:
    """One of the six: its range, and the names of the numbers in it."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    @property
    def range(self) -> str:
        named = f" or {self.names[0]} to {self.names[-1]}" if self.names else ""
        return f"{self.low} to {self.high}{named}"

    def number(self, text: str) -> Union[int, None]:
        """None where the field does not have it."""
        if text.lower() in self.names:
            return self.low + self.names.index(text.lower())
        return int(text) if text.isdecimal() and self.low <= int(text) <= self.high else None

    def takes(self, part: str) -> bool:
        found = _PART.fullmatch(part)
        if not found:
            return False
        ends = [each for each in found.groups() if each]
        known = [number for number in map(self.number, ends) if number is not None]
        return len(known) == len(ends) and known == sorted(known)


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    _Field("weekday", 0, 6, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)


def with_seconds(cron: str) -> str:
    """The expression as KFP reads it: with seconds first.

    KFP takes five fields for seconds to months, so that crontab's would run at other times without a word.

    Raises:
        InputError: it has neither five nor six fields, or one with what it does not take, and is no @daily or the like.
    """
    fields = cron.split()
    if len(fields) == 1 and fields[0] in _DESCRIPTORS:
        return fields[0]
    if len(fields) not in (5, 6):
        raise InputError(
            f"--cron {cron!r}: write crontab's five fields (minute hour day month weekday: '0 6 * * *'), six with "
            f"seconds first, or one of {', '.join(_DESCRIPTORS)}. Received: {len(fields)} "
            f"field{'' if len(fields) == 1 else 's'}"
        )
    given = fields if len(fields) == 6 else ["0", *fields]
    for field, text in zip(_FIELDS, given, strict=True):
        for part in text.split(","):
            if not field.takes(part):
                raise InputError(
                    f"--cron {cron!r}: the {field.name} is {field.range}, *, or ranges and steps of them (10-20, */5, "
                    f"joined by commas). Received: {text!r}"
                )
    return " ".join(given)
