"""What measured runs say: medians, ratios of pairs, and how the cost of a row grows with their number."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from tests.benchmarks import measured_runs
from tests.benchmarks.comparing import spread
from tests.benchmarks.measured_runs import Run

WHOLE = "whole run"
REST = "start-up, and between nodes"


def value(run: Run, part: str, quantity: str) -> float | None:
    """What a node, a step, the whole run or its rest took; None where that is not known.

    The rest has no memory of its own, and in a run whose nodes go side by side no time.
    """
    if part == WHOLE:
        return run.whole[quantity]
    if part == REST:
        known = quantity != "megabytes" and run.side != "side-by-side"
        return run.whole[quantity] - sum(each.get(quantity, 0.0) for each in run.parts.values()) if known else None
    return run.parts.get(part, {}).get(quantity)


def median(runs: Sequence[Run], side: str, rows: int, part: str, quantity: str) -> float | None:
    """Over all runs of a side and size."""
    found = [value(run, part, quantity) for run in measured_runs.of(runs, side, rows)]
    known = [each for each in found if each is not None]
    return statistics.median(known) if known else None


def ratio(runs: Sequence[Run], sides: tuple[str, str], rows: int, part: str, quantity: str) -> dict[str, float] | None:
    """The first side / the second, pair by pair, as `spread` has it under "ratio"."""
    both = [tuple(value(run, part, quantity) for run in pair) for pair in measured_runs.pairs(runs, sides, rows)]
    ratios = [first / second for first, second in both if first is not None and second]
    return spread("ratio", ratios) if ratios else None


def growth(runs: Sequence[Run], side: str, sizes: tuple[int, int], part: str, quantity: str) -> float | None:
    """How many times as much a row costs at the second size as at the first; of memory, the whole and not a row."""
    small, large = (median(runs, side, rows, part, quantity) for rows in sizes)
    if not small or large is None:
        return None
    return large / small if quantity == "megabytes" else (large / sizes[1]) / (small / sizes[0])


def sizes(runs: Sequence[Run]) -> list[int]:
    """All numbers of rows, the fewest first."""
    return sorted({run.rows for run in runs})


def parts(runs: Sequence[Run], sides: Sequence[str], rows: int) -> list[str]:
    """The parts that the sides' runs have, in the order in which they come."""
    found = [part for side in sides for run in measured_runs.of(runs, side, rows)[:1] for part in run.parts]
    return list(dict.fromkeys(found))
