"""TFDV's generators, with our own in the place of two: their numbers are TFDV's, and take a fraction of the time."""

import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_data_validation.statistics.generators.basic_stats_generator import BasicStatsGenerator
from tensorflow_data_validation.statistics.generators.stats_generator import CombinerStatsGenerator
from tensorflow_data_validation.statistics.generators.top_k_uniques_sketch_stats_generator import (
    TopKUniquesSketchStatsGenerator,
)

from components.statistics.basic import Basic
from components.statistics.top_values import TopValues


def generators(options: tfdv.StatsOptions) -> list[CombinerStatsGenerator]:
    """What counts by `options`; all of it can be merged.

    Raises:
        TypeError: a generator in the options is made of steps of Beam.
    """
    found: list[CombinerStatsGenerator] = [
        _own(each, options) for each in stats_impl.get_generators(options, in_memory=True)
    ]
    for each in found:
        each.setup()
    return found


def _own(generator: CombinerStatsGenerator, options: tfdv.StatsOptions) -> CombinerStatsGenerator:
    if type(generator) is BasicStatsGenerator:
        return Basic(
            schema=options.schema,
            example_weight_map=options.example_weight_map,
            num_values_histogram_buckets=options.num_values_histogram_buckets,
            num_histogram_buckets=options.num_histogram_buckets,
            num_quantiles_histogram_buckets=options.num_quantiles_histogram_buckets,
            epsilon=options.epsilon,
        )
    if type(generator) is TopKUniquesSketchStatsGenerator and not _estimated(options):
        return TopValues(options)
    return generator


def _estimated(options: tfdv.StatsOptions) -> bool:
    """Whether top values are: in memory TFDV itself estimates always, and with Beam where it is told to."""
    return options.use_sketch_based_topk_uniques or bool(options.example_weight_map.all_weight_features())
