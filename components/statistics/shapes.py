"""What a chart shows of a feature: how its values are spread on both sides, in shares of the rows that have a value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from components.statistics.distributions import Categorical, Distribution, Floats, Numeric

_BINS = 24
_TOP = 10
AT = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
REST = "all others"


@dataclass(frozen=True)
class Bars:
    """Shares by value or by range of values.

    Attributes:
        names: of the values; none for a number.
        edges: of a number's ranges, one more than there are bars.
    """

    baseline: Sequence[float]
    current: Sequence[float]
    names: Sequence[str] = ()
    edges: Sequence[float] = ()


@dataclass(frozen=True)
class Quantile:
    """The value below which a share of the values lies, on both sides."""

    share: float
    baseline: float
    current: float


@dataclass(frozen=True)
class ValueShares:
    """A value with its share on both sides."""

    name: str
    baseline: float
    current: float


@dataclass(frozen=True)
class _Shares:
    """All values with their shares on both sides; there may be thousands."""

    names: Sequence[str]
    baseline: Floats
    current: Floats

    def first(self, order: Floats) -> list[ValueShares]:
        """The first ones in that order; among equals in that of their names."""
        places = np.argsort(order, kind="stable")[:_TOP]
        shares = [np.round(each[places], 5).tolist() for each in (self.baseline, self.current)]
        return [ValueShares(*each) for each in zip((self.names[place] for place in places), *shares, strict=True)]


@dataclass(frozen=True)
class Shape:
    """All of it for one feature.

    Attributes:
        bars: None where the two sides have no common shape.
        quantiles: of two numbers.
        moved: the categories whose share changed most, new and lost ones among them.
        new, lost: those that the one side does not have, the most frequent ones; none where it has uncounted ones.
    """

    bars: Optional[Bars]
    quantiles: Sequence[Quantile] = ()
    moved: Sequence[ValueShares] = ()
    new: Sequence[ValueShares] = ()
    lost: Sequence[ValueShares] = ()


def shape(baseline: Optional[Distribution], current: Optional[Distribution]) -> Shape:
    """What there is to show of two distributions of a kind; nothing of others."""
    if isinstance(baseline, Numeric) and isinstance(current, Numeric):
        return Shape(_histogram(baseline, current), _quantiles(baseline, current))
    if isinstance(baseline, Categorical) and isinstance(current, Categorical):
        shares = _shares(baseline, current)
        lost = [ValueShares(each.name, each.current, each.baseline) for each in _new(current, baseline)]
        return Shape(_top(shares), (), _moved(shares), _new(baseline, current), lost)
    return Shape(None)


def _histogram(baseline: Numeric, current: Numeric) -> Bars:
    edges = _edges(baseline, current)
    before, after = (_between(each, edges).round(5).tolist() for each in (baseline, current))
    return Bars(before, after, edges=edges.tolist())


def _quantiles(baseline: Numeric, current: Numeric) -> list[Quantile]:
    found = (each.quantiles(np.array(AT)).tolist() for each in (baseline, current))
    return [Quantile(*each) for each in zip(AT, *found, strict=True)]


def _top(shares: _Shares) -> Bars:
    shown = shares.first(-np.maximum(shares.baseline, shares.current))
    rest = [1 - sum(getattr(value, side) for value in shown) for side in ("baseline", "current")]
    if max(rest) > 1e-9:
        shown.append(ValueShares(REST, *(round(max(0.0, each), 5) for each in rest)))
    return Bars(*([getattr(value, field) for value in shown] for field in ("baseline", "current", "name")))


def _moved(shares: _Shares) -> list[ValueShares]:
    change = np.abs(shares.current - shares.baseline)
    return [value for value in shares.first(-change) if value.baseline != value.current]


def _new(baseline: Categorical, current: Categorical) -> list[ValueShares]:
    if baseline.rest:
        return []
    shares = _shares(baseline, current)
    found = shares.first(np.where(shares.baseline > 0, 0.0, -shares.current))
    return [value for value in found if value.name not in baseline.counts]


def _shares(baseline: Categorical, current: Categorical) -> _Shares:
    names = sorted({*baseline.counts, *current.counts})
    sides = [np.array([each.counts.get(name, 0.0) for name in names]) / each.count for each in (baseline, current)]
    return _Shares(names, *sides)


def _edges(baseline: Numeric, current: Numeric) -> Floats:
    """Of equally wide ranges over what the middle 98 % of either side cover, and its tails where they are short.

    The ends take what lies beyond.
    """
    middle = np.concatenate([each.quantiles(np.array([0.01, 0.99])) for each in (baseline, current)])
    low, high = middle.min(), middle.max()
    least, most = (of(baseline.knots[end], current.knots[end]) for of, end in ((min, 0), (max, -1)))
    near = (high - low) / 2
    low, high = (least if low - least <= near else low), (most if most - high <= near else high)
    return np.linspace(low, high if high > low else low + 1.0, _BINS + 1)


def _between(distribution: Numeric, edges: Floats) -> Floats:
    # Closed on the left, so that a value that is an edge stands in the bar that begins with it.
    return np.diff(distribution.below(edges[1:-1]), prepend=0.0, append=1.0)
