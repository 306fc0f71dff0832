"""The features of TFDV's statistics, with what can be compared of them."""

from dataclasses import dataclass
from typing import Optional

import numpy as np
from tensorflow_data_validation import constants
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.statistics.distributions import Categorical, Distribution, Floats, Numeric

_UNCOUNTED = "its values are too long for TFDV to count them one by one, or no text (--image looks into pictures)"
_STAND_FOR_MANY = (constants.LARGE_BYTES_PLACEHOLDER, constants.NON_UTF8_PLACEHOLDER)


@dataclass(frozen=True)
class Feature:
    """One feature of one data set.

    Attributes:
        name: its path, steps joined by dots.
        type: int, float, string, bytes or struct.
        rows: examples of the data set; of a feature within a struct, the structs, of which a row may hold several.
        missing: those without a value, be it that the feature is absent or that its list is empty.
        distribution: of the values; None where there is none to compare.
        why_not: why there is none.
    """

    name: str
    type: str
    rows: int
    missing: int
    distribution: Optional[Distribution]
    why_not: str = ""

    @property
    def missing_share(self) -> float:
        """Of the rows."""
        return self.missing / self.rows if self.rows else 0.0


def features(statistics: statistics_pb2.DatasetFeatureStatistics) -> dict[str, Feature]:
    """The features by name."""
    return {feature.name: feature for feature in (_feature(each, statistics) for each in statistics.features)}


def name_of(feature: statistics_pb2.FeatureNameStatistics) -> str:
    """Its path, steps joined by dots."""
    return ".".join(feature.path.step) or str(feature.name)


def top_name(feature: statistics_pb2.FeatureNameStatistics) -> str:
    """The name of the column that it is or lies within."""
    return str(feature.name or feature.path.step[0])


def _feature(
    found: statistics_pb2.FeatureNameStatistics, statistics: statistics_pb2.DatasetFeatureStatistics
) -> Feature:
    name = name_of(found)
    type_ = statistics_pb2.FeatureNameStatistics.Type.Name(found.type).lower()
    rows = int(statistics.num_examples)
    kind = found.WhichOneof("stats")
    if kind is None:
        return Feature(name, type_, rows, rows, None, "the statistics say nothing of its values")
    common = getattr(found, kind).common_stats
    examples = rows
    if len(found.path.step) > 1:
        rows = int(common.num_non_missing + common.num_missing)
    # The structs of one row may depend on each other, so that for chance it is examples that count.
    if kind == "string_stats":
        missing = _missing(common, rows)
        return Feature(name, type_, rows, missing, *_categorical(found.string_stats, min(examples, rows - missing)))
    if kind == "num_stats":
        quantiles = _quantiles(found.num_stats)
        missing = _missing(common, rows, int(quantiles.num_nan))
        counted = min(examples, rows - missing)
        return Feature(name, type_, rows, missing, *_numeric(found.num_stats, quantiles, counted))
    return Feature(name, type_, rows, _missing(common, rows), None, f"a {type_} has no histogram")


def _missing(common: statistics_pb2.CommonStatistics, rows: int, undefined: int = 0) -> int:
    """An empty list, and a NaN, count as present for TFDV, so with at most one value to a row it is values that count.

    Args:
        undefined: how many of the values are NaN.
    """
    if common.max_num_values <= 1:
        return rows - int(common.tot_num_values) + undefined
    return rows - int(common.num_non_missing)


def _categorical(found: statistics_pb2.StringStatistics, rows: int) -> tuple[Optional[Distribution], str]:
    total = float(found.common_stats.tot_num_values)
    if not total:
        return None, "it has no values"
    # All long values are one for TFDV, and so are all that are no text.
    counts = {
        each.label: each.sample_count for each in found.rank_histogram.buckets if each.label not in _STAND_FOR_MANY
    }
    if not found.rank_histogram.buckets:
        return None, "its values were not counted"
    if not counts:
        return None, _UNCOUNTED
    # With more values than it counts TFDV estimates: a value that occurs once is listed like those at the list's end.
    error = min(counts.values(), default=0.0) if found.unique > len(found.rank_histogram.buckets) else 0.0
    sure = sum(count - error for count in counts.values())
    rest = max(0.0, total - sum(counts.values()))
    return Categorical(counts, rest, max(0.0, 1.0 - sure / total), rows), ""


def _quantiles(found: statistics_pb2.NumericStatistics) -> statistics_pb2.Histogram:
    """The histogram of quantiles; an empty one where there is none."""
    quantiles = (each for each in found.histograms if each.type == statistics_pb2.Histogram.QUANTILES)
    return next(quantiles, statistics_pb2.Histogram())


def _numeric(
    found: statistics_pb2.NumericStatistics, quantiles: statistics_pb2.Histogram, rows: int
) -> tuple[Optional[Distribution], str]:
    if not found.common_stats.tot_num_values:
        return None, "it has no values"
    buckets = [each for each in quantiles.buckets if each.sample_count > 0]
    if not buckets:
        return None, "its histogram is empty"
    low, high, count = (
        np.array([getattr(each, field) for each in buckets]) for field in ("low_value", "high_value", "sample_count")
    )
    if np.isfinite([low, high]).all():
        return Numeric(*_with_tail(low, high, count, found.mean), found.std_dev, rows), ""
    return _with_infinite(low, high, count, rows)


def _with_infinite(low: Floats, high: Floats, count: Floats, rows: int) -> tuple[Optional[Distribution], str]:
    """An infinite value stands at the largest finite one. TFDV has no mean and no deviation where there is one."""
    edges = np.concatenate([low, high])
    finite = edges[np.isfinite(edges)]
    if not len(finite):
        return None, "all its values are infinite"
    low, high = (np.clip(each, finite.min(), finite.max()) for each in (low, high))
    middle = (low + high) / 2
    deviation = np.sqrt(np.average((middle - np.average(middle, weights=count)) ** 2, weights=count))
    return Numeric(low, high, count, float(deviation), rows), ""


def _with_tail(low: Floats, high: Floats, count: Floats, mean: float) -> tuple[Floats, Floats, Floats]:
    """The buckets with the wider one of the two at the ends made of two: most of its values, and the extreme one.

    A bucket at the end reaches to the single most extreme value, so that values spread evenly over it would lie far
    too far out. How far they reach is taken from the mean, which TFDV knows exactly.
    """
    at = 0 if high[0] - low[0] > high[-1] - low[-1] else len(low) - 1
    others = ((low + high) / 2 * count).sum() - (low[at] + high[at]) / 2 * count[at]
    near, far = (high[at], low[at]) if at == 0 else (low[at], high[at])
    rest = count[at] - 1
    if rest <= 0 or near == far:
        return low, high, count
    middle = (mean * count.sum() - others - far) / rest
    reach = np.clip(2 * middle - near, min(near, far), max(near, far))
    low[at], high[at], count[at] = min(near, reach), max(near, reach), rest
    place = 0 if at == 0 else len(low)
    return np.insert(low, place, far), np.insert(high, place, far), np.insert(count, place, 1.0)
