"""Markdown of measured runs: for each size whole runs, nodes and steps; then how costs grow."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from tests.benchmarks import measured_runs, summary
from tests.benchmarks.comparing import written
from tests.benchmarks.measured_runs import Run
from tests.benchmarks.sides import TITLES

NODES_OF = ("stock", "one-by-one")
"""The sides whose nodes are compared: where nodes run side by side, each one's time has that of others in it."""
UNKNOWN = "–"
NOTES = """\
Seconds and MB are medians. Ratios are taken pair by pair, of runs of the same turn: the median, and in brackets the
least and the greatest. "Processor" is user and system time of all processes; of Millrace's nodes it is that of their
executors' processes, without what drivers and publishers take (0.1 s a node), of stock's nodes it is all. MB of a whole
run is the most that all its processes had together, what they share counted once; of a node it is the peak of its
process, which in stock is one for all, with what earlier nodes left in it. Most of a small run's MB are imported
libraries: stock's Baseline and Millrace's SchemaGen have hardly anything else.

Stock and Millrace compute the same metrics, plots and slices of the same split. Not the same: StatisticsGen keeps 100
quantile buckets here and TFX's 10 there; stock's Transform writes statistics, schemas and anomalies of what it has
transformed, and keeps a cache of its analyzers; stock's Trainer validates on an eighth as many batches as it trains on,
Millrace's and the script's on the whole eval split. Nodes without figures of stock are those that it does not have. By
hand nothing is counted, validated, cached, gated or reported, and all rows are in memory.
"""


def markdown(runs: Sequence[Run]) -> str:
    """All tables."""
    found = summary.sizes(runs)
    sections = [section for rows in found for section in _of_size(runs, rows)]
    sections += [_growth(runs, pair) for pair in itertools.pairwise(found)]
    return "\n".join([*sections, NOTES])


def _of_size(runs: Sequence[Run], rows: int) -> list[str]:
    here = [run for run in runs if run.rows == rows]
    cores, least, most = here[0].cores, min(run.load for run in here), max(run.load for run in here)
    head = f"### {rows:,} rows\n\n{cores} cores, on which {least:.1f} to {most:.1f} processes wanted to run\n"
    return [head, _whole(runs, rows), _nodes(runs, rows), _steps(runs, rows)]


def _whole(runs: Sequence[Run], rows: int) -> str:
    lines = []
    for side, title in TITLES.items():
        if count := len(measured_runs.of(runs, side, rows)):
            lines.append(
                [
                    title, str(count),
                    *(_median(runs, side, rows, summary.WHOLE, each) for each in ("seconds", "processor", "megabytes")),
                    *(_ratio(runs, ("stock", side), rows, summary.WHOLE, each) for each in ("seconds", "processor")),
                    *(_ratio(runs, (side, "by-hand"), rows, summary.WHOLE, each) for each in ("seconds", "processor")),
                ]
            )  # fmt: skip
    head = (
        "whole run", "runs", "s", "processor, s", "MB", "stock / it", "the same, processor", "it / by hand",
        "the same, processor",
    )  # fmt: skip
    return _table(head, lines)


def _nodes(runs: Sequence[Run], rows: int) -> str:
    lines = [
        [
            part,
            *(_median(runs, side, rows, part, each) for each in ("seconds", "processor") for side in NODES_OF),
            *(_ratio(runs, NODES_OF, rows, part, each) for each in ("seconds", "processor")),
            *(_median(runs, side, rows, part, "megabytes") for side in NODES_OF),
            _ratio(runs, NODES_OF, rows, part, "megabytes"),
        ]
        for part in (*summary.parts(runs, NODES_OF, rows), summary.REST)
    ]
    head = (
        "node", "stock, s", "Millrace, s", "stock, processor, s", "Millrace, processor, s",
        "stock / Millrace", "the same, processor", "stock, MB", "Millrace, MB", "stock / Millrace, MB",
    )  # fmt: skip
    return _table(head, lines) + _transform(runs, rows) if summary.parts(runs, NODES_OF, rows) else ""


def _transform(runs: Sequence[Run], rows: int) -> str:
    """Stock's Transform without what Millrace's does not write; nothing where that was not measured."""
    if not measured_runs.of(runs, "stock-transform", rows):
        return ""
    seconds = _median(runs, "stock-transform", rows, "Transform", "seconds")
    ratios = (
        _ratio(runs, ("stock-transform", "one-by-one"), rows, "Transform", each) for each in ("seconds", "processor")
    )
    return f"""
Without its cache of analyzers and without statistics, schemas and anomalies of what it has transformed, none of which
Millrace's writes, stock's Transform took {seconds} s, stock / Millrace {" and of processor time ".join(ratios)}.
"""


def _steps(runs: Sequence[Run], rows: int) -> str:
    found = summary.parts(runs, ["by-hand"], rows)
    lines = [
        [part, *(_median(runs, "by-hand", rows, part, each) for each in ("seconds", "processor", "megabytes"))]
        for part in (*found, summary.REST)
    ]
    return _table(("by hand", "s", "processor, s", "MB"), lines) if found else ""


def _growth(runs: Sequence[Run], sizes: tuple[int, int]) -> str:
    """Of whole runs, and of the nodes of Millrace and of stock."""
    small, large = sizes
    lines = [
        _grown(runs, side, sizes, summary.WHOLE, title)
        for side, title in TITLES.items()
        if all(measured_runs.of(runs, side, rows) for rows in sizes)
    ]
    for side in NODES_OF[::-1]:
        both = [part for part in summary.parts(runs, [side], large) if part in summary.parts(runs, [side], small)]
        lines += [_grown(runs, side, sizes, part, f"{TITLES[side]}: {part}") for part in both]
    head = f"### A row at {large:,} rows, times one at {small:,} rows\n\n"
    return head + _table(("what", "s", "processor, s", "MB, not of a row but in all"), lines)


def _grown(runs: Sequence[Run], side: str, sizes: tuple[int, int], part: str, title: str) -> list[str]:
    found = (summary.growth(runs, side, sizes, part, each) for each in ("seconds", "processor", "megabytes"))
    return [title, *(UNKNOWN if each is None else f"{each:.2f}" for each in found)]


def _median(runs: Sequence[Run], side: str, rows: int, part: str, quantity: str) -> str:
    found = summary.median(runs, side, rows, part, quantity)
    if found is None:
        return UNKNOWN
    return f"{found:,.0f}" if quantity == "megabytes" else f"{found:,.1f}"


def _ratio(runs: Sequence[Run], sides: tuple[str, str], rows: int, part: str, quantity: str) -> str:
    found = summary.ratio(runs, sides, rows, part, quantity) if sides[0] != sides[1] else None
    return written(found, "ratio") if found else UNKNOWN


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *lines)) + "\n"
