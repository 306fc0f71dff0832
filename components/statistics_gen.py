"""StatisticsGen that leaves columns out: a histogram of encoded images costs much and says nothing.

TFDV itself can only be told which columns to keep, and nobody knows all columns of TFRecords before they are read.
The artifact is that of TFX's own StatisticsGen.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import apache_beam as beam
import tensorflow_data_validation as tfdv
from tfx import types
from tfx.dsl.components.base import base_beam_component, base_beam_executor, executor_spec
from tfx.types import artifact_utils, component_spec, standard_artifacts
from tfx.types.system_executions import Process
from tfx_bsl.public.proto import slicing_spec_pb2

from components import examples as example_files
from components.spans import span_of
from components.statistics import counting
from components.statistics.paths import split_file

_OPTIONS, _WITHOUT = "stats_options_json", "without"


def options(quantile_buckets: int, slices: Sequence[Sequence[str]]) -> tfdv.StatsOptions:
    """How data is counted: with so many quantiles, and again in each slice by each of `slices`, columns to slice by."""
    specs = [slicing_spec_pb2.SlicingSpec(feature_keys=columns) for columns in slices]
    return tfdv.StatsOptions(
        num_quantiles_histogram_buckets=quantile_buckets,
        slicing_config=slicing_spec_pb2.SlicingConfig(slicing_specs=specs) if specs else None,
    )


def write(
    examples: Sequence[types.Artifact],
    paths: Mapping[str, str],
    stats_options: tfdv.StatsOptions,
    without: Collection[str],
    make_pipeline: Callable[[], beam.Pipeline],
) -> None:
    """Write the statistics of all `examples` together; `paths` are the files to write, by split. See `counting`."""
    patterns = {path: [example_files.pattern(each, split) for each in examples] for split, path in paths.items()}
    counting.write(patterns, stats_options, without, make_pipeline)


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
        statistics.split_names, statistics.span = examples.split_names, span_of(examples)
        how = tfdv.StatsOptions.from_json(exec_properties[_OPTIONS])
        without = frozenset(json.loads(exec_properties[_WITHOUT]))
        paths = {split: split_file(statistics.uri, split) for split in example_files.split_names(examples)}
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
