"""Runs that were measured, and the file that keeps them: each is written when it ends, so that nothing is lost."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Taken = dict[str, float]
"""seconds (by the clock), processor (seconds of user and system), megabytes (at most); a part may lack some."""


@dataclass(frozen=True)
class Run:
    """One run of one side.

    Attributes:
        session: when the measuring that it is part of began; the runs of one turn of a session are pairs.
        load: how many processes wanted a processor in the minute before (see getloadavg(3)).
        whole: of the process and all below it, start-up included.
        parts: of nodes or steps.
    """

    side: str
    rows: int
    session: str
    turn: int
    cores: int
    load: float
    whole: Taken
    parts: dict[str, Taken]


def load(file: pathlib.Path) -> list[Run]:
    """Those that the file has; none where there is no file."""
    return [Run(**each) for each in json.loads(file.read_text())] if file.exists() else []


def save(file: pathlib.Path, runs: Iterable[Run]) -> None:
    """In the place of those that the file had."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([dataclasses.asdict(run) for run in runs], indent=1) + "\n")


def replaced(runs: Sequence[Run], new: Run) -> list[Run]:
    """With `new`, without what earlier sessions found of the same side and size."""
    return [run for run in runs if (run.side, run.rows) != (new.side, new.rows) or run.session == new.session] + [new]


def of(runs: Iterable[Run], side: str, rows: int) -> list[Run]:
    """Those of one side and size."""
    return [run for run in runs if (run.side, run.rows) == (side, rows)]


def pairs(runs: Sequence[Run], sides: tuple[str, str], rows: int) -> list[tuple[Run, Run]]:
    """Those of two sides that ran in the same turn."""
    seconds = {(run.session, run.turn): run for run in of(runs, sides[1], rows)}
    firsts = of(runs, sides[0], rows)
    return [(run, seconds[key]) for run in firsts if (key := (run.session, run.turn)) in seconds]
