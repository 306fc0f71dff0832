"""Thresholds from how far the features of a data set moved from span to span so far.

A threshold is the upper bound of a prediction interval for the next step (Meeker, Hahn and Escobar, Statistical
Intervals, 2nd edition, 2017, section 4.8), chosen so that one report in twenty is a false alarm:

    exp(mean(log x) + t * s * sqrt(1 + 1/n))

over the n steps x of a feature, each at least half as large as the most that chance makes it with so many rows (about
what it makes it as a rule). The logarithm is taken as
distances are positive and vary in proportion to their size; s is that of the features that moved, since three spans
tell next to nothing about a single one: the median of their variances, so that what once befell one of them widens no
other's threshold. No threshold is below what was seen, or below chance.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
import scipy.stats
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.drift.catalogue import DEFAULTS, KOLMOGOROV_SMIRNOV, L_INFINITY, MISSING
from components.drift.history import Point, Step, steps
from components.errors import NoBaselineError

FALSE_ALARMS = 0.05
"""The share of reports that may alarm although nothing is unusual."""
LEAST = 3
"""Spans: two steps between them."""
_EFFICIENCY = 0.37
"""Of a median of variances, against their mean (Rousseeuw and Croux 1993, of the median absolute deviation)."""
_MOST = 1.0
"""The largest distance there is."""


@dataclass(frozen=True)
class Suggested:
    """Thresholds for what was measured in every step.

    Attributes:
        thresholds: {feature: {measure: threshold}}.
        unbounded: (feature, measure) that have moved so far that no threshold could be exceeded.
    """

    thresholds: Mapping[str, Mapping[str, float]]
    unbounded: Sequence[tuple[str, str]]


def suggest(history: Sequence[tuple[str, statistics_pb2.DatasetFeatureStatistics]]) -> Suggested:
    """Thresholds for the next step.

    Args:
        history: the spans, oldest first.

    Raises:
        NoBaselineError: there are too few.
    """
    if len(history) < LEAST:
        raise NoBaselineError(
            f"thresholds come from at least {LEAST} spans, and there {'is' if len(history) == 1 else 'are'} "
            f"{len(history)}: run on {LEAST - len(history)} more"
        )
    moves = _moves(steps(history), [int(each.num_examples) for _, each in history])
    bounds = _bounds([each.usual for each in moves], FALSE_ALARMS / max(len(moves), 1))
    found: dict[str, dict[str, float]] = {move.feature: {} for move in moves}
    unbounded = []
    for move, bound in zip(moves, bounds, strict=True):
        threshold = _rounded(max(bound, move.chance, *move.usual))
        if threshold < _MOST:
            found[move.feature][move.measure] = threshold
        else:
            unbounded.append((move.feature, move.measure))
    return Suggested(found, unbounded)


@dataclass(frozen=True)
class _Moves:
    """The steps of a feature by one measure, and the most that chance makes the next one.

    Attributes:
        usual: steps that are smaller than half of what chance reaches are made as large as that.
    """

    feature: str
    measure: str
    usual: Sequence[float]
    chance: float


def _moves(found: Sequence[Step], rows: Sequence[int]) -> list[_Moves]:
    pairs = [(name, measure) for name in found[-1].features for measure in DEFAULTS]
    seen = {pair: values for pair in pairs if (values := _values(found[1:], *pair)) is not None}
    chance = FALSE_ALARMS / max(len(seen), 1)
    effective = [before * after / (before + after) for before, after in zip(rows[:-1], rows[1:], strict=True)]
    moves = []
    for (name, measure), values in seen.items():
        least = [
            _by_chance(measure, step.features[name], value, size, chance)
            for step, value, size in zip(found[1:], values, effective, strict=True)
        ]
        usual = [max(value, most / 2) for value, most in zip(values, least, strict=True)]
        moves.append(_Moves(name, measure, usual, least[-1]))
    return moves


def _values(found: Sequence[Step], name: str, measure: str) -> Optional[list[float]]:
    points: list[Mapping[str, Point]] = [step.features for step in found]
    if all(name in each and measure in each[name].measured for each in points):
        return [each[name].measured[measure].value for each in points]
    return None


def _by_chance(measure: str, point: Point, value: float, rows: float, chance: float) -> float:
    """What a measure reaches with that chance where nothing changed, `rows` being n * m / (n + m) for the two spans.

    Kolmogorov-Smirnov by Smirnov's bound, the others as differences of two shares: of the most frequent value, which
    varies most, of missing ones, of new ones.
    """
    if measure == KOLMOGOROV_SMIRNOV:
        return min(_MOST, math.sqrt(-math.log(chance / 2) / 2 / rows))
    share = {L_INFINITY: point.top[1] if point.top else 0.5, MISSING: point.missing_share}.get(measure, value)
    share = max(min(share, 1 - share), min(0.5, 1 / rows))
    return min(_MOST, float(scipy.stats.norm.isf(chance / 2)) * math.sqrt(share * (1 - share) / rows))


def _bounds(values: Sequence[Sequence[float]], chance: float) -> list[float]:
    logs = [np.log(each) for each in values]
    moved = [each for each in logs if np.ptp(each) > 0]
    if not moved:
        return [float(np.exp(each.max())) for each in logs]
    freedom = len(moved[0]) - 1
    # The median of a variance from few values lies below the variance.
    middle = np.quantile([each.var(ddof=1) for each in moved], 0.5, method="lower")
    variance = middle * freedom / scipy.stats.chi2.median(freedom)
    deviation = math.sqrt(variance)
    quantile = float(scipy.stats.t.isf(chance, _EFFICIENCY * freedom * len(moved)))
    return [float(np.exp(each.mean() + quantile * deviation * math.sqrt(1 + 1 / len(each)))) for each in logs]


def _rounded(value: float) -> float:
    """Up, to two digits."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(value / unit - 1e-9) * unit:.2g}")
