"""What page and JSON show of a report, computed once for both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.drift import trend, words
from components.drift.compare import Result
from components.drift.report import Report, severity
from components.drift.state import State
from components.statistics.shapes import Shape, shape

_SLICED = 300
"""Slices times features has no bound, and the JSON holds all."""


@dataclass(frozen=True)
class FeatureView:
    """A feature of the whole data.

    Attributes:
        id: its place on the page.
        movement: what moved most, in a few words.
        decision: which measure decided, and why.
        trend: over the last spans.
    """

    result: Result
    id: str
    shape: Shape
    movement: str
    decision: str
    trend: Sequence[trend.Line]


@dataclass(frozen=True)
class SlicedView:
    """A feature that does not pass in a slice."""

    slice: str
    result: Result
    movement: str


@dataclass(frozen=True)
class SlicesView:
    """What came of the slices.

    Attributes:
        failing: what does not pass in those that can be compared, the worst ones first.
        more: how many there are behind these.
        failed, passing: their names.
        incomparable: why the others cannot be compared.
    """

    failing: Sequence[SlicedView]
    more: int
    failed: Sequence[str]
    passing: Sequence[str]
    incomparable: Mapping[str, str]


@dataclass(frozen=True)
class View:
    """The report, and what is computed of it to be shown."""

    report: Report
    features: Sequence[FeatureView]
    slices: SlicesView


def view(report: Report) -> View:
    """Of the whole report."""
    features = [_feature(each, f"f{number}", report) for number, each in enumerate(report.results)]
    return View(report, features, _slices(report))


def _feature(result: Result, place: str, report: Report) -> FeatureView:
    found = _shape(result)
    movement, decision = words.movement(found), words.decision(result)
    return FeatureView(result, place, found, movement, decision, trend.lines(result, report.history))


def _slices(report: Report) -> SlicesView:
    incomparable = report.incomparable_slices
    compared = {name: results for name, results in report.slices.items() if name not in incomparable}
    found = [(name, each) for name, results in compared.items() for each in results if each.state is not State.OK]
    worst = sorted(found, key=lambda each: (*severity(each[1]), each[0]))
    failed = {name for name, _ in found}
    return SlicesView(
        [SlicedView(name, each, words.movement(_shape(each))) for name, each in worst[:_SLICED]],
        len(worst[_SLICED:]),
        [name for name in compared if name in failed],
        [name for name in compared if name not in failed],
        incomparable,
    )


def _shape(result: Result) -> Shape:
    baseline, current = (side.distribution if side else None for side in (result.baseline, result.current))
    return shape(baseline, current)
