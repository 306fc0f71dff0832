"""The report as one HTML page."""

from dataclasses import dataclass
from typing import Optional

from components.drift import shapes, thresholds
from components.drift.compare import Result, State
from components.drift.report import APPROXIMATE, Report
from components.drift.tfdv_measures import ABSOLUTE_DIFFERENCE, JENSEN_SHANNON, L_INFINITY
from components.report import page

NAMES = {
    thresholds.KOLMOGOROV_SMIRNOV: "Kolmogorov-Smirnov",
    thresholds.WASSERSTEIN: "Wasserstein, in deviations",
    thresholds.PSI: "population stability index",
    thresholds.HELLINGER: "Hellinger",
    thresholds.CRAMERS_V: "chi-square (Cramér's V)",
    thresholds.MISSING: "change of missing values",
    thresholds.NEW_VALUES: "share of new values",
    L_INFINITY: "L-infinity",
    JENSEN_SHANNON: "Jensen-Shannon divergence",
    ABSOLUTE_DIFFERENCE: "normalized absolute difference",
}
"""What a measure is called."""

_REASONS = {
    thresholds.KOLMOGOROV_SMIRNOV: "a number: the largest difference of the shares below any value, whatever its scale",
    L_INFINITY: "a category: the largest change of one value's share",
    thresholds.MISSING: "rows without a value",
    thresholds.NEW_VALUES: "a category: rows with values that the baseline does not have",
}
_TONES = {State.DRIFT: "bad", State.NOT_COMPARABLE: "warn", State.OK: "good"}
_NAMED = 12


@dataclass(frozen=True)
class _Shape:
    bars: Optional[shapes.Bars]
    quantiles: list[shapes.Quantile]


def render(report: Report) -> str:
    """The page as text."""
    drifted, silent = (
        [each for each in report.results if each.state is state] for state in (State.DRIFT, State.NOT_COMPARABLE)
    )
    return page.render(
        "drift",
        "drift.html.j2",
        report=report,
        tone=_TONES[report.results[0].state] if report.count(State.OK) or drifted else "bad",
        alarms=[alarm(each) for each in drifted[:_NAMED]],
        silent=[each.name for each in silent[:_NAMED]],
        shapes={each.name: _shape(each) for each in report.results},
        tones=_TONES,
        names=NAMES,
        reasons=_REASONS,
        approximate=APPROXIMATE,
        rest=shapes.REST,
    )


def alarm(result: Result) -> str:
    """A feature that drifted, in a line."""
    exceeded = [check for check in result.checks if check.exceeded]
    said = ", ".join(
        f"{NAMES[each.threshold.measure]} {page.number(each.measured.value)} > {page.number(each.threshold.value)}"
        for each in exceeded
    )
    return f"{result.name}: {said}"


def _shape(result: Result) -> _Shape:
    sides = [side.distribution if side else None for side in (result.baseline, result.current)]
    return _Shape(shapes.bars(*sides), shapes.quantiles(*sides))
