"""TFDV's statistics of a data set as plain facts."""

import dataclasses
import datetime
import json
import math
from collections.abc import Sequence
from typing import Optional

import numpy as np
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.statistics import shapes
from components.statistics.distributions import Categorical, Distribution, Numeric
from components.statistics.features import Feature, features, name_of

_TOP = 20
_WIDTHS, _QUANTILES = statistics_pb2.Histogram.STANDARD, statistics_pb2.Histogram.QUANTILES


@dataclasses.dataclass(frozen=True)
class Number:
    """What is known of a number.

    Attributes:
        nan: values that are no number; the other facts leave them out.
        infinite: values of infinity. All but the median and the quantiles leave them out; mean and deviation are
            approximate then.
        quantiles: (share, value below which that share lies).
        edges: of the histogram's bars, one more than there are bars.
        shares: of the values in each bar; the outer ones take what lies beyond.
    """

    zeros: int
    nan: int
    infinite: int
    mean: Optional[float]
    deviation: Optional[float]
    minimum: Optional[float]
    median: Optional[float]
    maximum: Optional[float]
    quantiles: Sequence[tuple[float, float]]
    edges: Sequence[float]
    shares: Sequence[float]


@dataclasses.dataclass(frozen=True)
class Value:
    """One of the most frequent values."""

    name: str
    count: int
    share: float


@dataclasses.dataclass(frozen=True)
class Text:
    """What is known of a category; `top` is sorted by frequency, `rest` is the share of all other values.

    Attributes:
        estimated: whether there are more values than TFDV lists, so that counts are estimates.
    """

    distinct: int
    estimated: bool
    mean_length: float
    top: Sequence[Value]
    rest: float


@dataclasses.dataclass(frozen=True)
class Lengths:
    """How many values there are to a row that has any."""

    minimum: int
    mean: float
    maximum: int


@dataclasses.dataclass(frozen=True)
class Facts:
    """What is known of a feature.

    Attributes:
        values: in all rows together.
        missing: rows without a value.
        lengths: None where no row has several values.
        number, text: at most one of them.
        why_empty: why there is neither; "" where there is one.
    """

    name: str
    type: str
    rows: int
    values: int
    missing: int
    lengths: Optional[Lengths]
    number: Optional[Number]
    text: Optional[Text]
    why_empty: str

    @property
    def missing_share(self) -> float:
        """Of the rows."""
        return self.missing / self.rows if self.rows else 0.0


@dataclasses.dataclass(frozen=True)
class DataSet:
    """A data set and its features, in the order of the statistics."""

    name: str
    source: str
    rows: int
    made: datetime.datetime
    features: Sequence[Facts]

    @property
    def missing_share(self) -> float:
        """Of all cells."""
        return sum(each.missing_share for each in self.features) / max(len(self.features), 1)


def of_statistics(name: str, source: str, statistics: statistics_pb2.DatasetFeatureStatistics) -> DataSet:
    """All facts about a data set."""
    known = features(statistics)
    found = [_facts(each, known[name_of(each)]) for each in statistics.features]
    made = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    return DataSet(name, source, int(statistics.num_examples), made, found)


def as_json(found: DataSet) -> str:
    """The facts as `stats.json` holds them."""
    fields = dataclasses.asdict(found) | {"version": 1, "made": found.made.isoformat()}
    return json.dumps(fields, indent=1, allow_nan=False)


def _facts(found: statistics_pb2.FeatureNameStatistics, feature: Feature) -> Facts:
    kind = found.WhichOneof("stats")
    common = getattr(found, kind).common_stats if kind else statistics_pb2.CommonStatistics()
    return Facts(
        name=feature.name,
        type=feature.type,
        rows=feature.rows,
        values=int(common.tot_num_values),
        missing=feature.missing,
        lengths=_lengths(common),
        number=_number(found.num_stats, feature.distribution),
        text=_text(found.string_stats, feature.distribution),
        why_empty=feature.why_not,
    )


def _lengths(common: statistics_pb2.CommonStatistics) -> Optional[Lengths]:
    if common.max_num_values <= 1:
        return None
    return Lengths(int(common.min_num_values), float(common.avg_num_values), int(common.max_num_values))


def _number(found: statistics_pb2.NumericStatistics, spread: Optional[Distribution]) -> Optional[Number]:
    bars = shapes.shape(spread, spread).bars
    if not isinstance(spread, Numeric) or bars is None:
        return None
    infinite = _infinite(found)
    mean, deviation, minimum, maximum = _of_finite(found) if infinite else _moments(found)
    return Number(
        zeros=int(found.num_zeros),
        nan=int(max((each.num_nan for each in found.histograms), default=0)),
        infinite=infinite,
        mean=mean,
        deviation=deviation,
        minimum=minimum,
        median=_finite(found.median),
        maximum=maximum,
        quantiles=[
            (share, value)
            for share, value in zip(shapes.AT, spread.quantiles(np.array(shapes.AT)).tolist(), strict=True)
            if math.isfinite(value)
        ],
        edges=bars.edges,
        shares=bars.current,
    )


_Moments = tuple[Optional[float], Optional[float], Optional[float], Optional[float]]


def _moments(found: statistics_pb2.NumericStatistics) -> _Moments:
    return _finite(found.mean), _finite(found.std_dev), _finite(found.min), _finite(found.max)


def _infinite(found: statistics_pb2.NumericStatistics) -> int:
    """They have ranges of their own among those of equal width."""
    return round(sum(each.sample_count for each in _buckets(found, _WIDTHS) if math.isinf(each.low_value)))


def _of_finite(found: statistics_pb2.NumericStatistics) -> _Moments:
    """TFDV has none where a value is infinite: these are from its histograms."""
    ranges = [each for each in _buckets(found, _WIDTHS) if not math.isinf(each.low_value)]
    inner = [each for each in _buckets(found, _QUANTILES) if math.isfinite(each.low_value + each.high_value)]
    counts = np.array([each.sample_count for each in inner])
    if not ranges or not counts.sum():
        return None, None, None, None
    middles = np.array([(each.low_value + each.high_value) / 2 for each in inner])
    mean = float(np.average(middles, weights=counts))
    deviation = math.sqrt(float(np.average((middles - mean) ** 2, weights=counts)))
    return mean, deviation, ranges[0].low_value, ranges[-1].high_value


def _buckets(
    found: statistics_pb2.NumericStatistics, kind: "statistics_pb2.Histogram.HistogramType.ValueType"
) -> list[statistics_pb2.Histogram.Bucket]:
    return [bucket for each in found.histograms if each.type == kind for bucket in each.buckets]


def _text(found: statistics_pb2.StringStatistics, spread: Optional[Distribution]) -> Optional[Text]:
    if not isinstance(spread, Categorical):
        return None
    ranked = sorted(spread.counts.items(), key=lambda each: (-each[1], each[0]))[:_TOP]
    top = [Value(name, int(count), count / spread.count) for name, count in ranked]
    rest = max(0.0, 1 - sum(each.share for each in top))
    estimated = found.unique > len(found.rank_histogram.buckets)
    return Text(int(found.unique), estimated, float(found.avg_length), top, rest if rest > 1e-9 else 0.0)


def _finite(value: float) -> Optional[float]:
    return value if math.isfinite(value) else None
