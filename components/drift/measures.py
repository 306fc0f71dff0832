"""Distances between two distributions, from their histograms: approximate where a histogram is coarser than the rows.

TFDV has L-infinity, Jensen-Shannon divergence and normalized absolute difference: `tfdv_measures.py` asks it for those.
"""

import numpy as np
import scipy.stats

from components.drift.distributions import Categorical, Floats, Numeric

_BINS = 10
_LEAST = 1e-4
"""Stands in for an empty bin in PSI, whose logarithm has none; as Evidently does."""


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
    """Counts of both in bins that hold equal shares of the baseline, as far as its values allow."""
    cuts = np.unique(baseline.quantiles(np.linspace(0, 1, _BINS + 1)[1:-1]))
    return _masses(baseline, cuts) * baseline.count, _masses(current, cuts) * current.count


def _masses(distribution: Numeric, cuts: Floats) -> Floats:
    return np.diff(distribution.upto(cuts), prepend=0.0, append=1.0)


def matched(baseline: Categorical, current: Categorical) -> tuple[Floats, Floats]:
    """Counts of both by value, those of the uncounted values last."""
    values = sorted({*baseline.counts, *current.counts})
    rows = [[each.counts.get(value, 0.0) for value in values] + [each.rest] for each in (baseline, current)]
    return np.asarray(rows[0], np.float64), np.asarray(rows[1], np.float64)
