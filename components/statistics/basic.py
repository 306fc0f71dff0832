"""TFDV's basic statistics, with histograms from arrays. See `equal_widths`."""

from typing import Any

from tensorflow_data_validation.statistics.generators import basic_stats_generator
from tensorflow_data_validation.utils import quantiles_util
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.statistics import equal_widths

_STEPS = basic_stats_generator._NUM_QUANTILES_FACTOR_FOR_STD_HISTOGRAM
"""Quantiles that TFDV takes for each one that it keeps."""


class Basic(basic_stats_generator.BasicStatsGenerator):
    """TFDV's generator up to the histograms of numbers: those of a column without a sketch it leaves to us."""

    def extract_output(self, accumulator: Any) -> statistics_pb2.DatasetFeatureStatistics:
        """See TFDV."""
        held = [_Sketches(each.numeric_stats) for each in accumulator.values()]
        result = super().extract_output(accumulator)
        for sketches, feature in zip(held, result.features, strict=True):
            sketches.give_back()
            if feature.HasField("num_stats") and sketches.counted:
                sketches.add_to(feature.num_stats, self._num_histogram_buckets, self._num_quantiles_histogram_buckets)
        return result


class _Sketches:
    """The sketches of a column of numbers, taken out of TFDV's accumulator of it."""

    def __init__(self, numbers: Any) -> None:
        self._numbers = numbers
        self._plain = numbers.quantiles_summary
        numbers.quantiles_summary = None
        self._weighted = numbers.weighted_quantiles_summary if numbers.has_weights else None
        if numbers.has_weights:
            numbers.weighted_quantiles_summary = None

    @property
    def counted(self) -> bool:
        """Whether there is a number among the values."""
        return bool(self._numbers.mean_var_accumulator.count)

    def give_back(self) -> None:
        """Put them where they were."""
        self._numbers.quantiles_summary = self._plain
        if self._numbers.has_weights:
            self._numbers.weighted_quantiles_summary = self._weighted

    def add_to(self, stats: statistics_pb2.NumericStatistics, ranges: int, quantiles: int) -> None:
        """Add medians and histograms, of so many equally wide ranges, and of so many quantiles."""
        if self._plain is not None:
            self._add(stats, self._plain, self._numbers.pos_inf_count, ranges, quantiles)
        if self._weighted is not None:
            weighted = self._numbers.pos_inf_weighted_count
            self._add(stats.weighted_numeric_stats, self._weighted, weighted, ranges, quantiles)

    def _add(self, stats: Any, sketch: Any, infinite: float, ranges: int, quantiles: int) -> None:
        at, counts = basic_stats_generator._get_quantiles_counts(sketch, _STEPS * quantiles)
        stats.median = float(quantiles_util.find_median(at))
        numbers = self._numbers
        standard = equal_widths.histogram(at, counts, numbers.finite_min, numbers.finite_max, ranges, infinite)
        kept = quantiles_util.generate_quantiles_histogram(*quantiles_util.rebin_quantiles(at, counts, _STEPS))
        for histogram in (standard, kept):
            histogram.num_nan = numbers.num_nan
            stats.histograms.append(histogram)
