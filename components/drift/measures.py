"""Distances between two distributions, from their histograms: approximate where a histogram is coarser than the rows.

TFDV has L-infinity, Jensen-Shannon divergence and normalized absolute difference: `tfdv_measures.py` asks it for those.
"""

from dataclasses import dataclass
from typing import Optional

import numpy as np
import scipy.stats

from components.drift.catalogue import (
    CRAMERS_V,
    HELLINGER,
    KOLMOGOROV_SMIRNOV,
    L_INFINITY,
    MISSING,
    NEW_VALUES,
    PSI,
    WASSERSTEIN,
)
from components.statistics.distributions import Categorical, Floats, Numeric
from components.statistics.features import Feature

_BINS = 10
_LEAST = 1e-4
"""Stands in for an empty bin in PSI, whose logarithm has none; as Evidently does."""

_EXPECTED = 5.0
"""Cochran's rule (1954)."""


@dataclass(frozen=True)
class Measured:
    """The value of a measure, and how probable one as high is where nothing changed; None where that is not known."""

    value: float
    chance: Optional[float] = None


def of_numbers(baseline: Numeric, current: Numeric) -> dict[str, Measured]:
    """All measures of two numbers but TFDV's."""
    distance = kolmogorov_smirnov(baseline, current)
    before, after = (each.count * each.weight for each in (baseline, current))
    chance = float(scipy.stats.kstwobign.sf(distance * np.sqrt(before * after / (before + after))))
    return {
        KOLMOGOROV_SMIRNOV: Measured(distance, chance),
        # The area between the two distributions is there by chance where their largest difference is.
        WASSERSTEIN: Measured(wasserstein(baseline, current), chance),
        **_of_counts(*binned(baseline, current)),
    }


def of_categories(baseline: Categorical, current: Categorical) -> dict[str, Measured]:
    """All measures of two categories but TFDV's other ones: L-infinity is TFDV's too, but its chance is not."""
    before, after = matched(baseline, current)
    found = _of_counts(before, after)
    largest = float(np.abs(before / before.sum() - after / after.sum()).max())
    return {
        **found,
        L_INFINITY: Measured(largest, found[CRAMERS_V].chance),
        **({} if baseline.rest else {NEW_VALUES: _new_values(before, after, baseline.weight)}),
    }


def of_missing(baseline: Feature, current: Feature) -> dict[str, Measured]:
    """By how much the share of rows without a value changed."""
    if not baseline.rows or not current.rows:
        return {}
    table = [[each.missing, each.rows - each.missing] for each in (baseline, current)]
    change = abs(current.missing_share - baseline.missing_share)
    return {MISSING: Measured(change, float(scipy.stats.fisher_exact(table).pvalue))}


def _of_counts(baseline: Floats, current: Floats) -> dict[str, Measured]:
    before, after = baseline / baseline.sum(), current / current.sum()
    strength, _ = chi_square(baseline, current)
    _, chance = chi_square(*_pooled(baseline, current))
    return {
        PSI: Measured(psi(before, after), chance),
        HELLINGER: Measured(hellinger(before, after), chance),
        CRAMERS_V: Measured(strength, chance),
    }


def _pooled(baseline: Floats, current: Floats) -> tuple[Floats, Floats]:
    """Rare values put together: the chance of Pearson's test holds where each is expected a few times on either side.

    Without it the value of a single row, which is rare among many, would be no chance.
    """
    total = baseline + current
    order = np.argsort(-total, kind="stable")
    expected = total[order] * min(baseline.sum(), current.sum()) / total.sum()
    kept = int((expected >= _EXPECTED).sum())
    if expected[kept:].sum() < _EXPECTED:
        kept = max(kept - 1, 0)
    before, after = (np.append(each[order][:kept], each[order][kept:].sum()) for each in (baseline, current))
    return before, after


def _new_values(baseline: Floats, current: Floats, once: float) -> Measured:
    """The share of values that the baseline does not have.

    Where nothing changed, the rows of a value fall on the two sides by chance: that the most frequent new one has all
    its rows on one side is as probable as so many heads in a row, in as many tries as there are values. How many new
    ones to expect follows from those that the baseline has once only (Good 1953), as a Poisson variable.

    Args:
        once: what a value counts that the baseline has once.
    """
    new = current[baseline == 0]
    if not new.sum():
        return Measured(0.0, 1.0)
    side = current.sum() / (baseline.sum() + current.sum())
    most = min(1.0, len(current) * side ** new.max())
    single = once * np.isclose(baseline, once).sum()
    many = scipy.stats.nbinom.sf(once * (new > 0).sum() - 1, single + 1, 1.0 - side)
    return Measured(float(new.sum() / current.sum()), float(min(1.0, 2 * min(most, many))))


def kolmogorov_smirnov(baseline: Numeric, current: Numeric) -> float:
    """The largest difference of the cumulative distributions, in [0, 1]."""
    knots = np.union1d(baseline.knots, current.knots)
    below = np.abs(baseline.below(knots) - current.below(knots))
    upto = np.abs(baseline.upto(knots) - current.upto(knots))
    return float(max(below.max(), upto.max()))


def wasserstein(baseline: Numeric, current: Numeric) -> float:
    """The area between the cumulative distributions, in standard deviations of the baseline (>= 0)."""
    knots = np.union1d(baseline.knots, current.knots)
    if len(knots) == 1:
        return 0.0
    left = (baseline.upto(knots) - current.upto(knots))[:-1]
    right = (baseline.below(knots) - current.below(knots))[1:]
    crossing = left * right < 0
    total = np.abs(left) + np.abs(right)
    # Where the sign changes the area is two triangles instead of a trapezium.
    area = np.where(crossing, (left**2 + right**2) / np.where(total > 0, total, 1.0), total) / 2
    scale = baseline.deviation or current.deviation or 1.0
    return float((area * np.diff(knots)).sum() / scale)


def psi(baseline: Floats, current: Floats) -> float:
    """The population stability index of two rows of shares (>= 0); below 0.1 is called stable, above 0.25 changed."""
    before, after = np.maximum(baseline, _LEAST), np.maximum(current, _LEAST)
    return float(((after - before) * np.log(after / before)).sum())


def hellinger(baseline: Floats, current: Floats) -> float:
    """The Hellinger distance of two rows of shares, in [0, 1]."""
    return float(np.sqrt(max(0.0, 1.0 - np.sqrt(baseline * current).sum())))


def chi_square(baseline: Floats, current: Floats) -> tuple[float, float]:
    """Pearson's test of homogeneity on two rows of counts: (Cramér's V in [0, 1], p-value)."""
    table = np.stack([baseline, current])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return 0.0, 1.0
    found = scipy.stats.chi2_contingency(table, correction=False)
    return float(np.sqrt(found.statistic / table.sum())), float(found.pvalue)


def binned(baseline: Numeric, current: Numeric) -> tuple[Floats, Floats]:
    """Rows of both in bins that hold equal shares of the baseline, as far as its values allow."""
    cuts = np.unique(baseline.quantiles(np.linspace(0, 1, _BINS + 1)[1:-1]))
    before, after = (_masses(each, cuts) * each.count * each.weight for each in (baseline, current))
    return before, after


def _masses(distribution: Numeric, cuts: Floats) -> Floats:
    # Sums of shares may fall short by their rounding.
    return np.maximum(np.diff(distribution.upto(cuts), prepend=0.0, append=1.0), 0.0)


def matched(baseline: Categorical, current: Categorical) -> tuple[Floats, Floats]:
    """Rows of both by value, those of the uncounted values last."""
    values = sorted({*baseline.counts, *current.counts})
    before, after = (
        np.array([*(each.counts.get(value, 0.0) for value in values), each.rest]) * each.weight
        for each in (baseline, current)
    )
    return before, after
