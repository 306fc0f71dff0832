"""Distributions of single features, as TFDV's statistics know them: from histograms and top values, never from rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Union

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Numeric:
    """The distribution of a number, piecewise linear between the edges of a histogram's buckets.

    A bucket whose edges are equal is a value that occurs often: its whole mass lies there.
    """

    def __init__(self, low: Floats, high: Floats, count: Floats, deviation: float, rows: float = float("inf")) -> None:
        """Args:
        low, high, count: of the buckets, in order; a bucket holds `count` values in (low, high].
        deviation: the standard deviation of the values.
        rows: how many rows have values; by default each has one.

        Raises:
            ValueError: the buckets hold nothing.
        """
        self.count = float(count.sum())
        if not self.count > 0:
            raise ValueError("the histogram is empty")
        self.deviation = deviation
        self.weight = min(1.0, rows / self.count)
        """Rows per value: the values of one row may depend on each other, so for chance it is rows that count."""
        self.knots: Floats = np.unique(np.concatenate([low, high]))
        spread = low < high
        ends = np.searchsorted(self.knots, high)
        size = len(self.knots)
        jumps = np.bincount(ends[~spread], count[~spread], size)
        self._upto: Floats = np.cumsum(np.bincount(ends, count, size)) / self.count
        self._below: Floats = self._upto - jumps / self.count

    def below(self, values: Floats) -> Floats:
        """The share of values < each of `values`."""
        return self._share(values, self._below)

    def upto(self, values: Floats) -> Floats:
        """The share of values <= each of `values`."""
        return self._share(values, self._upto)

    def _share(self, values: Floats, on_knots: Floats) -> Floats:
        """Between two knots the share rises from what lies up to the one to what lies below the other."""
        after = np.clip(np.searchsorted(self.knots, values), 0, len(self.knots) - 1)
        before = np.maximum(after - 1, 0)
        width = np.where(after > before, self.knots[after] - self.knots[before], 1.0)
        part = np.clip((values - self.knots[before]) / width, 0.0, 1.0)
        between = self._upto[before] + part * (self._below[after] - self._upto[before])
        share = np.where(values == self.knots[after], on_knots[after], between)
        return np.where(values > self.knots[-1], 1.0, np.where(values < self.knots[0], 0.0, share))

    def quantiles(self, shares: Floats) -> Floats:
        """The values below which these shares of the distribution lie."""
        places = np.ravel(np.column_stack([self._below, self._upto]))
        return np.interp(shares, places, np.repeat(self.knots, 2))


@dataclass(frozen=True)
class Categorical:
    """The values of a feature that TFDV counted one by one, the most frequent ones.

    Attributes:
        counts: by value.
        rest: how many others there are in all.
        uncounted: the share of all whose value is not known for sure.
        rows: how many rows have values; by default each has one.
    """

    counts: Mapping[str, float]
    rest: float
    uncounted: float = 0.0
    rows: float = float("inf")

    @property
    def count(self) -> float:
        """Values in all."""
        return sum(self.counts.values()) + self.rest

    @property
    def weight(self) -> float:
        """Rows per value, as of numbers."""
        return min(1.0, self.rows / self.count)


Distribution = Union[Numeric, Categorical]
