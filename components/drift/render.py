"""The report as one HTML page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from components.drift import trend, words
from components.drift.catalogue import MEASURES
from components.drift.compare import Result
from components.drift.report import Report, severity
from components.drift.state import State
from components.report import page
from components.statistics import shapes
from components.statistics.distributions import Distribution

_TONES = {State.DRIFT: "bad", State.NOT_COMPARABLE: "warn", State.OK: "good"}
_NAMED = 12
_SLICED = 300
"""Rows of the table of slices at most: slices times features has no bound, and the JSON holds all."""


@dataclass(frozen=True)
class Sliced:
    """A feature that does not pass in a slice."""

    slice: str
    result: Result


def render(report: Report) -> str:
    """The page as text."""
    drifted, silent = (
        [each for each in report.results if each.state is state] for state in (State.DRIFT, State.NOT_COMPARABLE)
    )
    mute = report.silent_slices
    sliced = [each for each in failing(report) if each.slice not in mute]
    bad = {each.slice for each in sliced}
    return page.render(
        "drift",
        "drift.html.j2",
        report=report,
        tone="good" if report.state is State.OK else "bad",
        alarms=[words.alarm(each) for each in drifted[:_NAMED]],
        more=max(0, len(drifted) - _NAMED),
        silent=[each.name for each in silent[:_NAMED]],
        more_silent=max(0, len(silent) - _NAMED),
        sliced=sliced[:_SLICED],
        more_sliced=max(0, len(sliced) - _SLICED),
        failing=len(bad),
        mute=mute,
        passing=[name for name in report.slices if name not in bad and name not in mute],
        ids={each.name: f"f{number}" for number, each in enumerate(report.results)},
        tones=_TONES,
        catalogue=MEASURES,
        rest=shapes.REST,
        shape=lambda of, result: of(*_sides(result)),
        shapes=shapes,
        words=words,
        trend=lambda result: trend.lines(result, report.history),
        is_number=lambda result: bool(shapes.quantiles(*_sides(result))),
    )


def failing(report: Report) -> Sequence[Sliced]:
    """What does not pass in the slices, the worst first."""
    found = [Sliced(name, each) for name, results in report.slices.items() for each in results]
    return sorted(
        (each for each in found if each.result.state is not State.OK),
        key=lambda each: (*severity(each.result), each.slice),
    )


def _sides(result: Result) -> list[Optional[Distribution]]:
    return [side.distribution if side else None for side in (result.baseline, result.current)]
