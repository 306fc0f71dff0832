"""StatisticsGen that leaves columns out: a histogram of encoded images costs much and says nothing.

TFDV itself can only be told which columns to keep, and nobody knows all columns of TFRecords before they are read.
The artifact is that of TFX's own StatisticsGen. Few examples are counted without Beam, which takes seconds to begin.
"""

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
import pyarrow as pa
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.types import SliceFunction
from tensorflow_data_validation.utils import slicing_util
from tfx import types
from tfx.components.statistics_gen.executor import DEFAULT_FILE_NAME
from tfx.components.util import tfxio_utils
from tfx.dsl.components.base import base_beam_component, base_beam_executor, executor_spec
from tfx.types import artifact_utils, component_spec, standard_artifacts
from tfx.types.system_executions import Process
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder
from tfx_bsl.public.proto import slicing_spec_pb2

from components import direct_statistics
from components import examples as example_files
from components.batches import batches

_OPTIONS, _WITHOUT = "stats_options_json", "without"
FEW_BYTES = 8 << 20
"""Of compressed examples. With Beam on one machine, that many take as long as without it."""
_BATCH = 4096


def options(quantile_buckets: int, slices: Sequence[Sequence[str]]) -> tfdv.StatsOptions:
    """How data is counted: with so many quantiles, and again in each slice by each of `slices`, columns to slice by."""
    specs = [slicing_spec_pb2.SlicingSpec(feature_keys=columns) for columns in slices]
    return tfdv.StatsOptions(
        num_quantiles_histogram_buckets=quantile_buckets,
        slicing_config=slicing_spec_pb2.SlicingConfig(slicing_specs=specs) if specs else None,
    )


def without_columns(batch: pa.RecordBatch, names: Collection[str]) -> pa.RecordBatch:
    """`batch` without the columns called `names`; it need not have them."""
    kept = [index for index, name in enumerate(batch.schema.names) if name not in names]
    return pa.RecordBatch.from_arrays([batch.column(index) for index in kept], [batch.schema.names[i] for i in kept])


def write(
    examples: Sequence[types.Artifact],
    paths: Mapping[str, str],
    stats_options: tfdv.StatsOptions,
    without: Collection[str],
    make_pipeline: Callable[[], beam.Pipeline],
) -> None:
    """Write the statistics of all `examples` together.

    Args:
        paths: of the files to write, by split.
        without: columns to leave out.
        make_pipeline: what to run on where there are many.
    """
    files = {split: [path for each in examples for path in example_files.files(each, split)] for split in paths}
    size = sum(tf.io.gfile.stat(path).length for of_split in files.values() for path in of_split)
    if size <= FEW_BYTES:
        for split, path in paths.items():
            batches_of_split = record_batches(files[split], without)
            found = direct_statistics.statistics(batches_of_split, stats_options, _slicers(stats_options))
            tf.io.gfile.makedirs(os.path.dirname(path))
            with tf.io.gfile.GFile(path, "wb") as file:
                file.write(found.SerializeToString())
        return
    with make_pipeline() as pipeline:
        for split, path in paths.items():
            tfxio = tfxio_utils.get_split_tfxio(list(examples), split, telemetry_descriptors=["StatisticsGen"])
            _ = (
                pipeline
                | f"Read[{split}]" >> tfxio.BeamSource()
                | f"Without[{split}]" >> beam.Map(without_columns, without)
                | f"Statistics[{split}]" >> tfdv.GenerateStatistics(stats_options)
                | f"Write[{split}]" >> tfdv.WriteStatisticsToBinaryFile(path)
            )


def _slicers(stats_options: tfdv.StatsOptions) -> Sequence[SliceFunction]:
    if stats_options.slicing_config is None:
        return ()
    functions, _ = slicing_util.convert_slicing_config_to_slice_functions_and_sqls(stats_options.slicing_config)
    return functions


def record_batches(files: Sequence[str], without: Collection[str]) -> Iterator[pa.RecordBatch]:
    """The examples of `files` without the columns called `without`, some at a time."""
    decoder = ExamplesToRecordBatchDecoder()
    for records in batches(example_files.records(files), _BATCH):
        yield without_columns(decoder.DecodeBatch(records), without)


class Executor(base_beam_executor.BaseBeamExecutor):
    """One FeatureStats.pb for each split."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """See TFX."""
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        statistics = artifact_utils.get_single_instance(output_dict["statistics"])
        # ExampleGen, as TFX's own, keeps the span as a custom property; readers of statistics look for the other one.
        statistics.split_names, statistics.span = examples.split_names, example_files.span(examples)
        how = tfdv.StatsOptions.from_json(exec_properties[_OPTIONS])
        without = frozenset(json.loads(exec_properties[_WITHOUT]))
        paths = {
            split: os.path.join(artifact_utils.get_split_uri([statistics], split), DEFAULT_FILE_NAME)
            for split in example_files.split_names(examples)
        }
        write([examples], paths, how, without, self._make_beam_pipeline)


class StatisticsGenSpec(types.ComponentSpec):
    """Examples in, statistics of their splits out."""

    PARAMETERS = {
        _OPTIONS: component_spec.ExecutionParameter(type=str),
        _WITHOUT: component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {"examples": component_spec.ChannelParameter(type=standard_artifacts.Examples)}
    OUTPUTS = {"statistics": component_spec.ChannelParameter(type=standard_artifacts.ExampleStatistics)}
    TYPE_ANNOTATION = Process


class StatisticsGen(base_beam_component.BaseBeamComponent):
    """TFDV's statistics of all columns but some."""

    SPEC_CLASS = StatisticsGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(self, examples: types.BaseChannel, stats_options: tfdv.StatsOptions, without: Sequence[str]) -> None:
        """Args:
        examples: of one span.
        stats_options: TFDV's.
        without: names of columns that TFDV does not get to see.
        """
        super().__init__(
            StatisticsGenSpec(
                examples=examples,
                stats_options_json=stats_options.to_json(),
                without=json.dumps(sorted(without)),
                statistics=types.Channel(type=standard_artifacts.ExampleStatistics),
            )
        )
