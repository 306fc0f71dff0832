"""How a feature moved over the last spans, as lines for a small chart each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Optional

from components.drift.compare import Result
from components.drift.history import Point, Step
from components.report import page

_Of = Callable[[Point], Optional[float]]


@dataclass(frozen=True)
class Line:
    """A value for each span; None where there is none.

    Attributes:
        texts: the values for a person.
        limits: the values at the lower and the upper edge of the chart.
        threshold: what the values are held against, if anything.
    """

    title: str
    labels: Sequence[str]
    values: Sequence[Optional[float]]
    texts: Sequence[str]
    limits: tuple[float, float]
    threshold: Optional[float] = None


def lines(result: Result, history: Sequence[Step]) -> list[Line]:
    """The deciding measure against the span before, the share of missing values, and the middle or the top value."""
    points = [(step.label, step.features[result.name]) for step in history if result.name in step.features]
    if len(points) < 2:
        return []
    check = result.deciding
    found = [_line("rows without a value", points, lambda point: point.missing_share, page.percent, True)]
    if check is not None:
        measure = check.threshold.measure
        title = f"{check.threshold.title} against the span before"
        of = _measured(measure)
        found.insert(0, _line(title, points, of, page.number, True, check.threshold.value))
    found.append(_line("median", points, lambda point: point.center, page.number, False))
    found.append(_line(_top(points), points, lambda point: point.top[1] if point.top else None, page.percent, True))
    return [each for each in found if any(value is not None for value in each.values)]


def _measured(measure: str) -> _Of:
    return lambda point: point.measured[measure].value if measure in point.measured else None


def _top(points: Sequence[tuple[str, Point]]) -> str:
    names = {point.top[0] for _, point in points if point.top}
    return f"share of {names.pop()}" if len(names) == 1 else "share of the most frequent value"


def _line(
    title: str,
    points: Sequence[tuple[str, Point]],
    of: _Of,
    text: Callable[[float], str],
    from_zero: bool,
    threshold: Optional[float] = None,
) -> Line:
    values = [of(point) for _, point in points]
    known = [value for value in values if value is not None]
    shown = [*known, 0.0, threshold or 0.0] if from_zero else known
    low, high = min(shown, default=0.0), max(shown, default=1.0)
    margin = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
    limits = (low if from_zero else low - margin, high + margin)
    texts = ["–" if value is None else text(value) for value in values]
    return Line(title, [label for label, _ in points], values, texts, limits, threshold)
