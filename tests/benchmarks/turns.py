"""All sides in turn, again and again."""

from __future__ import annotations

import datetime
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence

from tests.benchmarks.measured_runs import Run
from tests.benchmarks.sides import SIDES
from tests.benchmarks.taxi_data import write_rows

ONCE_FROM = 1_000_000
"""Rows from which stock runs in the first turn only, and whole: it takes most of two hours."""


def measure(sides: Sequence[str], rows: int, turns: int) -> Iterator[Run]:
    """Runs each side `turns` times on the same file, and gives each run when it ends."""
    session = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    with tempfile.TemporaryDirectory() as work:
        data = write_rows(pathlib.Path(work), rows)
        for turn in range(turns):
            for side in order(sides, rows, turn):
                load, out = os.getloadavg()[0], os.path.join(work, side)
                usage, parts = SIDES[side](data, rows, out)
                shutil.rmtree(out)
                cores = len(os.sched_getaffinity(0))
                yield Run(side, rows, session, turn, cores, load, usage._asdict(), parts)


def order(sides: Sequence[str], rows: int, turn: int) -> list[str]:
    """Who runs in a turn: another one begins each time, as the first meets another machine than the last."""
    first = turn % len(sides)
    turned = [*sides[first:], *sides[:first]]
    once = {"stock-transform"} if turn == 0 else {"stock-transform", "stock"}
    return [side for side in turned if rows < ONCE_FROM or side not in once]
