"""How a data set moved from span to span: what is usual for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.drift.measures import Measured
from components.drift.pairs import pairs
from components.statistics.distributions import Categorical, Numeric
from components.statistics.features import Feature, features


@dataclass(frozen=True)
class Point:
    """A feature in one span.

    Attributes:
        measured: by measure, against the span before; empty in the first span and where the two do not compare.
        missing_share: of the rows.
        center: the median of a number.
        top: the most frequent value of a category, and its share of the values.
    """

    measured: Mapping[str, Measured]
    missing_share: float
    center: Optional[float]
    top: Optional[tuple[str, float]]


@dataclass(frozen=True)
class Step:
    """A span, by its label, with its features by name."""

    label: str
    features: Mapping[str, Point]


def steps(history: Sequence[tuple[str, statistics_pb2.DatasetFeatureStatistics]]) -> list[Step]:
    """One for each span; `history` is oldest first, each span with its label."""
    found = []
    before: Optional[statistics_pb2.DatasetFeatureStatistics] = None
    for label, statistics in history:
        moved = {name: pair.measured for name, pair in pairs(before, statistics).items()} if before else {}
        points = {name: _point(feature, moved.get(name, {})) for name, feature in features(statistics).items()}
        found.append(Step(label, points))
        before = statistics
    return found


def _point(feature: Feature, measured: Mapping[str, Measured]) -> Point:
    distribution = feature.distribution
    center = float(distribution.quantiles(np.array(0.5))) if isinstance(distribution, Numeric) else None
    top = _top(distribution) if isinstance(distribution, Categorical) else None
    return Point(measured, feature.missing_share, center, top)


def _top(distribution: Categorical) -> tuple[str, float]:
    """Among equals the first in alphabetical order, so that it does not change from span to span by chance."""
    value = min(distribution.counts, key=lambda each: (-distribution.counts[each], each))
    return value, distribution.counts[value] / distribution.count
