"""TFDV's statistics without Beam, batch by batch: for few rows Beam's preparations take a hundred times as long.

The generators are those that TFDV itself runs in memory, on one batch; here they take any number, so that memory does
not grow with the rows.
"""

from collections.abc import Iterable, Sequence

import pyarrow as pa
import tensorflow_data_validation as tfdv
from tensorflow_data_validation import constants
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_data_validation.types import SliceFunction
from tensorflow_data_validation.utils import quantiles_util, slicing_util
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.statistics import equal_widths

# For all that counts in this process, with Beam or without it.
quantiles_util.generate_equi_width_histogram = equal_widths.histogram


def statistics(
    batches: Iterable[pa.RecordBatch], options: tfdv.StatsOptions
) -> statistics_pb2.DatasetFeatureStatisticsList:
    """The statistics of all batches together, and behind them of each slice, by TFDV's name of it."""
    slicers = _slicers(options)
    generators = stats_impl.get_generators(options, in_memory=True)
    for generator in generators:
        generator.setup()
    fresh = [generator.create_accumulator() for generator in generators]
    whole = constants.DEFAULT_SLICE_KEY if slicers else ""
    found = {whole: fresh}
    for batch in batches:
        for name, part in ((whole, batch), *slicing_util.generate_slices(batch, slicers)):
            before = found.get(name) or [generator.create_accumulator() for generator in generators]
            found[name] = [
                generator.compact(generator.add_input(each, part))
                for generator, each in zip(generators, before, strict=True)
            ]
    result = statistics_pb2.DatasetFeatureStatisticsList()
    for name in (whole, *sorted(found.keys() - {whole})):
        [each] = stats_impl.extract_statistics_output(found[name], generators).datasets
        each.name = name
        result.datasets.append(each)
    return result


def _slicers(options: tfdv.StatsOptions) -> Sequence[SliceFunction]:
    if options.slicing_config is None:
        return options.experimental_slice_functions or ()
    functions, _ = slicing_util.convert_slicing_config_to_slice_functions_and_sqls(options.slicing_config)
    return functions
