"""Rows of two data sets with the same key, value by value: TFDV's feature skew detector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

THRESHOLD = 0.0
"""The share of rows with the same key in which a feature may differ: the same row has the same values."""


@dataclass(frozen=True)
class FeatureSkew:
    """In how many pairs of rows a feature is the same, different, or on one side only."""

    name: str
    matched: int
    mismatched: int
    baseline_only: int
    current_only: int

    @property
    def pairs(self) -> int:
        """Of rows that have it on one side at least."""
        return self.matched + self.mismatched + self.baseline_only + self.current_only

    @property
    def share(self) -> float:
        """Of these in which it differs."""
        return 1 - self.matched / self.pairs if self.pairs else 0.0


@dataclass(frozen=True)
class RowPair:
    """A row that differs, by column on both sides."""

    baseline: Mapping[str, str]
    current: Mapping[str, str]


@dataclass(frozen=True)
class RowSkew:
    """What came of joining the rows by key.

    Attributes:
        key: the columns of the key.
        pairs: rows with a partner.
        baseline_only, current_only: keys of one side.
        duplicated: keys that occur more than once on a side: their rows are left out.
        without_key: rows of either side without a value in the key.
        threshold: the share of pairs in which a feature may differ.
        features: those that differ most first.
        rows: some of the pairs that differ; only where they are wanted.
    """

    key: Sequence[str]
    pairs: int
    baseline_only: int
    current_only: int
    duplicated: int
    without_key: int
    threshold: float
    features: Sequence[FeatureSkew]
    rows: Sequence[RowPair] = ()

    @property
    def exceeded(self) -> list[FeatureSkew]:
        """The features that differ in more pairs than they may."""
        return [each for each in self.features if each.share > self.threshold]

    @property
    def verdict(self) -> str:
        """In part of a sentence."""
        key = ", ".join(self.key)
        if not self.pairs:
            found = f"no row of one side has a partner with the same {key} on the other"
        elif not self.exceeded:
            found = f"the {self.pairs:,} rows with the same {key} are alike"
        else:
            found = f"rows with the same {key} differ in {len(self.exceeded)} of {len(self.features)} features"
        return f"{found} (left out, as not unique: {self.duplicated:,})" if self.duplicated else found
