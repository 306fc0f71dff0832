"""The report as a picture for chat or mail: the verdict, and how far each feature is from its threshold."""

import io
import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from components.drift.compare import Result
from components.drift.report import Report
from components.drift.state import State
from components.report import page

_SHOWN = 20
_FURTHEST = 4.0
"""Bars end here, in thresholds: a feature of another century must not flatten all others."""
_COLOURS = {State.DRIFT: "#b3261e", State.NOT_COMPARABLE: "#c9962b", State.OK: "#1b7a43"}


def png(report: Report) -> bytes:
    """The picture's file."""
    shown = report.results[:_SHOWN]
    figure = Figure(figsize=(9, 1.7 + 0.3 * len(shown)), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    title = "\n".join(textwrap.wrap(report.verdict, 80))
    sides = (f"{side.name} ({page.counted(side.rows, 'row')})" for side in (report.current, report.baseline))
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold", parse_math=False)
    axes.set_title(" against ".join(sides), loc="left", fontsize=9, color="0.35", parse_math=False)
    _draw(axes, shown)
    if len(report.results) > _SHOWN:
        figure.supxlabel(f"{len(report.results) - _SHOWN} more features are in the report", fontsize=8, color="0.35")
    picture = io.BytesIO()
    FigureCanvasAgg(figure).print_png(picture)
    return picture.getvalue()


def _draw(axes: Axes, results: Sequence[Result]) -> None:
    """A bar for each feature, the worst on top."""
    for place, result in enumerate(results):
        check = result.deciding
        length = min(check.times, _FURTHEST) if check else 0.0
        axes.barh(place, length, color=_COLOURS[result.state], height=0.7)
        # Beside the line of the threshold, not across it.
        axes.text(max(length, 1.0) + 0.05, place, _said(result), va="center", fontsize=8, parse_math=False)
    axes.axvline(1.0, color="0.2", linewidth=1, linestyle="--")
    axes.text(1.05, -0.75, "threshold", fontsize=8, color="0.2")
    axes.set_yticks(range(len(results)), [_label(result) for result in results], fontsize=9, parse_math=False)
    axes.set_ylim(len(results) - 0.4, -1.0)
    axes.set_xlim(0, _FURTHEST + 3.5)
    axes.set_xticks([])
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def _label(result: Result) -> str:
    name = textwrap.shorten(result.name, 34, placeholder="…") if " " in result.name else result.name[:34]
    return name if result.role == "feature" else f"{name} ({result.role})"


def _said(result: Result) -> str:
    if result.state is State.NOT_COMPARABLE or result.deciding is None:
        return "not comparable"
    check = result.deciding
    value = f"{check.threshold.title} {page.number(check.measured.value)}"
    if not check.exceeded:
        return f"{value}, by chance" if check.times > 1 else value
    return f"{value}, {check.times:.0f} times the threshold" if _FURTHEST < check.times < float("inf") else value
