"""StatisticsGen that leaves columns out: a histogram of encoded images costs much and says nothing.

TFDV itself can only be told which columns to keep, and nobody knows all columns of TFRecords before they are read.
The artifact is that of TFX's own StatisticsGen.
"""

import json
import os
from collections.abc import Collection, Sequence
from typing import Any

import apache_beam as beam
import pyarrow as pa
import tensorflow_data_validation as tfdv
from tfx import types
from tfx.components.statistics_gen.executor import DEFAULT_FILE_NAME
from tfx.components.util import tfxio_utils
from tfx.dsl.components.base import base_beam_component, base_beam_executor, executor_spec
from tfx.types import artifact_utils, component_spec, standard_artifacts
from tfx.types.system_executions import Process

from components import examples as example_files

_OPTIONS, _WITHOUT = "stats_options_json", "without"


def without_columns(batch: pa.RecordBatch, names: Collection[str]) -> pa.RecordBatch:
    """`batch` without the columns called `names`; it need not have them."""
    kept = [index for index, name in enumerate(batch.schema.names) if name not in names]
    return pa.RecordBatch.from_arrays([batch.column(index) for index in kept], [batch.schema.names[i] for i in kept])


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
        options = tfdv.StatsOptions.from_json(exec_properties[_OPTIONS])
        without = frozenset(json.loads(exec_properties[_WITHOUT]))
        with self._make_beam_pipeline() as pipeline:
            for split in example_files.split_names(examples):
                tfxio = tfxio_utils.get_split_tfxio([examples], split, telemetry_descriptors=["StatisticsGen"])
                path = os.path.join(artifact_utils.get_split_uri([statistics], split), DEFAULT_FILE_NAME)
                _ = (
                    pipeline
                    | f"Read[{split}]" >> tfxio.BeamSource()
                    | f"Without[{split}]" >> beam.Map(without_columns, without)
                    | f"Statistics[{split}]" >> tfdv.GenerateStatistics(options)
                    | f"Write[{split}]" >> tfdv.WriteStatisticsToBinaryFile(path)
                )


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
