"""A picture of measured runs: for each size a bar of time and one of memory for each side, time by what took it."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot

from tests.benchmarks import measured_runs, summary
from tests.benchmarks.measured_runs import Run
from tests.benchmarks.sides import TITLES

OTHER = "gates, reports, predictions, …"
UNDIVIDED = "nodes side by side"
COLOURS = {
    "ExampleGen": "#4477aa",
    "StatisticsGen": "#66ccee",
    "Transform": "#228833",
    "Trainer": "#ccbb44",
    "Evaluator": "#ee6677",
    OTHER: "#aa3377",
    summary.REST: "#bbbbbb",
    UNDIVIDED: "#555555",
}
"""From bottom to top; Paul Tol's colours, which also those tell apart who see few."""
LIKE = {"read": "ExampleGen", "adapt": "Transform", "train": "Trainer", "evaluate": "Evaluator"}
"""Which node a step by hand stands for."""
HEADROOM = 1.12
"""Of the highest bar, for its number."""


def draw(runs: Sequence[Run], file: pathlib.Path) -> None:
    """Writes a PNG: a column of panels for each size; the upper row is seconds, the lower the most memory."""
    found = summary.sizes(runs)
    figure, panels = pyplot.subplots(2, len(found), figsize=(1.5 + 4 * len(found), 7.5), squeeze=False, sharex="col")
    for column, rows in enumerate(found):
        sides = [side for side in TITLES if measured_runs.of(runs, side, rows)]
        _times(panels[0][column], runs, rows, sides)
        _memories(panels[1][column], runs, rows, sides)
    panels[0][0].set_ylabel("seconds, median")
    panels[1][0].set_ylabel("peak memory, GiB")
    used = [name for name in COLOURS if any(name in stack(runs, run.side, run.rows) for run in runs)]
    patches = [pyplot.Rectangle((0, 0), 1, 1, color=COLOURS[name]) for name in reversed(used)]
    figure.legend(patches, used[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    figure.tight_layout()
    figure.savefig(file, dpi=110, bbox_inches="tight")
    pyplot.close(figure)


def stack(runs: Sequence[Run], side: str, rows: int) -> Mapping[str, float]:
    """The seconds of a side's bar, by colour.

    Medians of parts need not add up to the median of the whole: the rest is what they leave of it.
    """
    whole = summary.median(runs, side, rows, summary.WHOLE, "seconds") or 0.0
    if side == "side-by-side":
        return {UNDIVIDED: whole}
    found: dict[str, float] = {}
    for part in summary.parts(runs, [side], rows):
        name = LIKE.get(part, part)
        name = name if name in COLOURS else OTHER
        found[name] = found.get(name, 0.0) + (summary.median(runs, side, rows, part, "seconds") or 0.0)
    return {**found, summary.REST: max(0.0, whole - sum(found.values()))}


def _times(panel: Any, runs: Sequence[Run], rows: int, sides: Sequence[str]) -> None:
    for place, side in enumerate(sides):
        bottom, seconds = 0.0, stack(runs, side, rows)
        for name, colour in COLOURS.items():
            panel.bar(place, seconds.get(name, 0.0), bottom=bottom, color=colour, width=0.7)
            bottom += seconds.get(name, 0.0)
        panel.annotate(f"{bottom:,.0f} s", (place, bottom), (0, 3), textcoords="offset points", ha="center")
    panel.set_title(f"{rows:,} rows")
    _tidy(panel)


def _memories(panel: Any, runs: Sequence[Run], rows: int, sides: Sequence[str]) -> None:
    for place, side in enumerate(sides):
        gibibytes = (summary.median(runs, side, rows, summary.WHOLE, "megabytes") or 0.0) / 1024
        panel.bar(place, gibibytes, color="#888888", width=0.7)
        panel.annotate(f"{gibibytes:.1f}", (place, gibibytes), (0, 3), textcoords="offset points", ha="center")
    panel.set_xticks(range(len(sides)), [TITLES[side].replace(", ", ",\n") for side in sides], rotation=30, ha="right")
    _tidy(panel)


def _tidy(panel: Any) -> None:
    panel.spines[["top", "right"]].set_visible(False)
    panel.set_ylim(0, panel.dataLim.y1 * HEADROOM)
