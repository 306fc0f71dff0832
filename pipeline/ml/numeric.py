"""Transform's numeric features, analysed together.

An analyzer costs Beam many stages, whether it looks at one column or at a hundred. So the columns that need a
statistic are stacked, shape [batch, columns], and one analyzer finds it for all of them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Union

import tensorflow as tf
import tensorflow_transform as tft

from pipeline.config.features import Buckets, MinMax, Numeric, ZScore

KINDS = (Numeric, ZScore, MinMax, Buckets)
NumericFeature = Union[Numeric, ZScore, MinMax, Buckets]
Numbers = Mapping[str, tf.Tensor]
"""Float32 columns by name, shape [batch], NaN where a value is missing."""


def transform(features: Sequence[NumericFeature], numbers: Numbers) -> dict[str, tf.Tensor]:
    """The transformed features by column, shape [batch]; `numbers` holds the column of each."""
    learned = _learn(features, numbers)
    return {
        feature.column: _TRANSFORMS[type(feature)](feature, _filled(feature, numbers, learned), learned)
        for feature in features
    }


@dataclasses.dataclass(frozen=True)
class _Learned:
    """What the training split says about the columns that need it, by column, over the values that are there."""

    means: Numbers
    """Scalars; 0 where the column has no value at all."""
    deviations: Numbers
    """Standard deviations, scalars; 0 where the column has no value at all."""
    ranges: Mapping[str, tuple[tf.Tensor, tf.Tensor]]
    """Least and greatest value, scalars; 0 and 0 where the column has no value at all."""
    boundaries: Numbers
    """Between quantile buckets, shape [count - 1]."""


def _learn(features: Sequence[NumericFeature], numbers: Numbers) -> _Learned:
    counts = {each.column: each.count for each in features if isinstance(each, Buckets) and each.count is not None}
    boundaries: dict[str, tf.Tensor] = {}
    for count in sorted(set(counts.values())):
        boundaries.update(_quantiles({name: numbers[name] for name in counts if counts[name] == count}, count))
    return _Learned(
        _means({each.column: numbers[each.column] for each in features if _needs_mean(each)}),
        _deviations({each.column: numbers[each.column] for each in features if isinstance(each, ZScore)}),
        _ranges({each.column: numbers[each.column] for each in features if isinstance(each, MinMax)}),
        boundaries,
    )


def _needs_mean(feature: NumericFeature) -> bool:
    return feature.fill is None or isinstance(feature, ZScore)


def _means(numbers: Numbers) -> dict[str, tf.Tensor]:
    if not numbers:
        return {}
    # TFT leaves NaN out. In float64 a column that never varies has exactly its value for a mean.
    return _each(numbers, tft.mean(_stacked(numbers), reduce_instance_dims=False, output_dtype=tf.float64))


def _deviations(numbers: Numbers) -> dict[str, tf.Tensor]:
    if not numbers:
        return {}
    variances = tft.var(_stacked(numbers), reduce_instance_dims=False, output_dtype=tf.float64)
    return _each(numbers, tf.sqrt(variances))


def _each(numbers: Numbers, statistics: tf.Tensor) -> dict[str, tf.Tensor]:
    """Splits one value per column, NaN where there was nothing to look at."""
    known = tf.where(tf.math.is_nan(statistics), tf.zeros_like(statistics), statistics)
    # Of a single column TFT's mean and variance are scalars, whatever shape they announce.
    by_column = tf.reshape(tf.cast(known, tf.float32), [len(numbers)])
    return dict(zip(numbers, tf.unstack(by_column), strict=True))


def _ranges(numbers: Numbers) -> dict[str, tuple[tf.Tensor, tf.Tensor]]:
    if not numbers:
        return {}
    # The least x is the greatest -x, so that a single analyzer finds both ends. A missing value is never the greatest.
    both = tf.concat([-_stacked(numbers), _stacked(numbers)], axis=1)
    greatest = tft.max(tf.where(tf.math.is_nan(both), -math.inf, both), reduce_instance_dims=False)
    minus_low, high = tf.split(greatest, 2)
    empty = -minus_low > high
    ends = (tf.unstack(tf.where(empty, 0.0, end)) for end in (-minus_low, high))
    return dict(zip(numbers, zip(*ends, strict=True), strict=True))


def _quantiles(numbers: Numbers, count: int) -> dict[str, tf.Tensor]:
    values = _stacked(numbers)
    # TFT leaves NaN out, but fails where a column has nothing else. So each batch gets one more row, of numbers above
    # all others, which weighs nothing against real rows and can't become a boundary of theirs.
    row = tf.fill([1, len(numbers)], values.dtype.max)
    boundaries = tft.quantiles(
        tf.concat([values, row], axis=0),
        count,
        # The error that tft.bucketize allows itself.
        epsilon=min(1.0 / count, 0.01),
        weights=tf.concat([tf.ones_like(values[:, 0]), [1e-30]], axis=0),
        reduce_instance_dims=False,
    )
    return dict(zip(numbers, tf.unstack(boundaries), strict=True))


def _stacked(numbers: Numbers) -> tf.Tensor:
    return tf.stack(list(numbers.values()), axis=1)


def _filled(feature: NumericFeature, numbers: Numbers, learned: _Learned) -> tf.Tensor:
    """The column without holes, shape [batch]."""
    number = numbers[feature.column]
    fill = learned.means[feature.column] if feature.fill is None else tf.constant(feature.fill, tf.float32)
    return tf.where(tf.math.is_nan(number), fill, number)


def _numeric(feature: Numeric, filled: tf.Tensor, learned: _Learned) -> tf.Tensor:
    return filled


def _z_score(feature: ZScore, filled: tf.Tensor, learned: _Learned) -> tf.Tensor:
    return tf.math.divide_no_nan(filled - learned.means[feature.column], learned.deviations[feature.column])


def _min_max(feature: MinMax, filled: tf.Tensor, learned: _Learned) -> tf.Tensor:
    low, high = learned.ranges[feature.column]
    return tf.math.divide_no_nan(filled - low, high - low)


def _buckets(feature: Buckets, filled: tf.Tensor, learned: _Learned) -> tf.Tensor:
    if feature.boundaries is not None:
        return tft.apply_buckets(filled, tf.constant([feature.boundaries], tf.float32))
    return tft.apply_buckets(filled, tf.expand_dims(learned.boundaries[feature.column], 0))


_TRANSFORMS: dict[type, Callable[[Any, tf.Tensor, _Learned], tf.Tensor]] = {
    Numeric: _numeric,
    ZScore: _z_score,
    MinMax: _min_max,
    Buckets: _buckets,
}
