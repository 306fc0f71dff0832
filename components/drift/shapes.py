"""What a chart shows of a feature: how its values are spread on both sides, in shares of the rows that have a value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from components.drift.distributions import Categorical, Distribution, Floats, Numeric

_BINS = 24
_TOP = 10
AT = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
REST = "all others"


@dataclass(frozen=True)
class Bars:
    """Shares by value or by range of values.

    Attributes:
        names: of the values; for a number the edges of the ranges, one more than there are bars.
    """

    names: Sequence[str]
    baseline: Sequence[float]
    current: Sequence[float]


@dataclass(frozen=True)
class Quantile:
    """The value below which a share of the values lies, on both sides."""

    share: float
    baseline: float
    current: float


@dataclass(frozen=True)
class Value:
    """A value with its share on both sides."""

    name: str
    baseline: float
    current: float


def bars(baseline: Optional[Distribution], current: Optional[Distribution]) -> Optional[Bars]:
    """None where the two sides have no common shape."""
    if isinstance(baseline, Numeric) and isinstance(current, Numeric):
        edges = _edges(baseline, current)
        shares = [_between(each, edges).round(5).tolist() for each in (baseline, current)]
        return Bars([f"{edge:.4g}" for edge in edges], *shares)
    if isinstance(baseline, Categorical) and isinstance(current, Categorical):
        values = sorted(_values(baseline, current), key=lambda value: -max(value.baseline, value.current))
        shown = values[:_TOP]
        rest = [1 - sum(getattr(value, side) for value in shown) for side in ("baseline", "current")]
        if max(rest) > 1e-9:
            shown.append(Value(REST, *(round(max(0.0, each), 5) for each in rest)))
        return Bars(*([getattr(value, field) for value in shown] for field in ("name", "baseline", "current")))
    return None


def quantiles(baseline: Optional[Distribution], current: Optional[Distribution]) -> list[Quantile]:
    """The quantiles of two numbers; nothing for anything else."""
    if not isinstance(baseline, Numeric) or not isinstance(current, Numeric):
        return []
    found = (each.quantiles(np.array(AT)).tolist() for each in (baseline, current))
    return [Quantile(*each) for each in zip(AT, *found, strict=True)]


def moved(baseline: Optional[Distribution], current: Optional[Distribution]) -> list[Value]:
    """The categories whose share changed most, new and lost ones among them."""
    if not isinstance(baseline, Categorical) or not isinstance(current, Categorical):
        return []
    values = [value for value in _values(baseline, current) if value.baseline != value.current]
    return sorted(values, key=lambda value: -abs(value.current - value.baseline))[:_TOP]


def new(baseline: Optional[Distribution], current: Optional[Distribution]) -> list[Value]:
    """The categories that the baseline does not have, the most frequent ones; none where it has uncounted ones."""
    if not isinstance(baseline, Categorical) or not isinstance(current, Categorical) or baseline.rest:
        return []
    values = [value for value in _values(baseline, current) if value.name not in baseline.counts]
    return sorted(values, key=lambda value: -value.current)[:_TOP]


def lost(baseline: Optional[Distribution], current: Optional[Distribution]) -> list[Value]:
    """The categories that the current data does not have, the most frequent ones; none where it has uncounted ones."""
    return [Value(value.name, value.current, value.baseline) for value in new(current, baseline)]


def _values(baseline: Categorical, current: Categorical) -> list[Value]:
    return [
        Value(name, *(round(each.counts.get(name, 0.0) / each.count, 5) for each in (baseline, current)))
        for name in sorted({*baseline.counts, *current.counts})
    ]


def _edges(baseline: Numeric, current: Numeric) -> Floats:
    """Of equally wide ranges over what the middle 98 % of either side cover; the ends take what lies beyond."""
    ends = np.concatenate([each.quantiles(np.array([0.01, 0.99])) for each in (baseline, current)])
    low, high = ends.min(), ends.max()
    return np.linspace(low, high if high > low else low + 1.0, _BINS + 1)


def _between(distribution: Numeric, edges: Floats) -> Floats:
    # Closed on the left, so that a value that is an edge stands in the bar that begins with it.
    return np.diff(distribution.below(edges[1:-1]), prepend=0.0, append=1.0)
