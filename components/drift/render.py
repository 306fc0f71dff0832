"""The report as one HTML page, which opens without a network."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.drift import words
from components.drift.catalogue import MEASURES
from components.drift.state import State
from components.drift.view import View
from components.report import page
from components.statistics import shapes

_TONES = {State.DRIFT: "bad", State.NOT_COMPARABLE: "warn", State.OK: "good"}
_NAMED = 12


@dataclass(frozen=True)
class Named:
    """The first lines of many, and how many more there are."""

    shown: Sequence[str]
    more: int


def render(view: View) -> str:
    """The page as text."""
    results = view.report.results
    return page.render(
        "drift",
        "drift.html.j2",
        report=view.report,
        features=view.features,
        slices=view.slices,
        tone="good" if view.report.state is State.OK else "bad",
        alarms=_first([words.alarm(each) for each in results if each.state is State.DRIFT]),
        incomparable=_first([each.name for each in results if each.state is State.NOT_COMPARABLE]),
        ids={each.result.name: each.id for each in view.features},
        tones=_TONES,
        catalogue=MEASURES,
        reason=words.reason,
        rest=shapes.REST,
    )


def _first(lines: Sequence[str]) -> Named:
    return Named(lines[:_NAMED], len(lines[_NAMED:]))
