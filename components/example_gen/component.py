"""ExampleGen as the graph sees it."""

import json
from collections.abc import Mapping
from typing import Any, Optional

from tfx.components.example_gen import utils
from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.proto import example_gen_pb2, range_config_pb2
from tfx.types import Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import Examples
from tfx.types.system_executions import Process

from components.artifacts import Quarantine
from components.errors import ConfigError
from components.example_gen import driver, executor, patterns
from components.example_gen.readers import reader
from components.example_gen.settings import Settings


class ExampleGenSpec(ComponentSpec):
    """Parameters that TFX's driver for files reads, and our own."""

    PARAMETERS = {
        driver.INPUT_BASE: ExecutionParameter(type=str),
        driver.INPUT_CONFIG: ExecutionParameter(type=example_gen_pb2.Input),
        driver.RANGE_CONFIG: ExecutionParameter(type=range_config_pb2.RangeConfig, optional=True),
        driver.PATH: ExecutionParameter(type=str),
        driver.FORMAT: ExecutionParameter(type=str),
        driver.SETTINGS: ExecutionParameter(type=str),
    }
    INPUTS: dict = {}
    OUTPUTS = {
        driver.EXAMPLES: ChannelParameter(type=Examples),
        driver.QUARANTINE: ChannelParameter(type=Quarantine),
    }
    TYPE_ANNOTATION = Process


class ExampleGen(BaseBeamComponent):
    """Reads one span of files into splits of tf.Example.

    Outputs: `examples` (splits train, eval and maybe test; GZIP TFRecord) and `quarantine` (bad rows, report).
    """

    SPEC_CLASS = ExampleGenSpec
    EXECUTOR_SPEC = BeamExecutorSpec(executor.Executor)
    DRIVER_CLASS = driver.Driver

    def __init__(self, path: str, format: str, settings: Mapping[str, Any], span: Optional[int] = None) -> None:
        """Read `path` (absolute or a URI; may hold {SPAN}, {VERSION}, {DATE}).

        Args:
            path: a file pattern. {DATE} is an ISO date; {YYYY}, {MM}, {DD} allow other layouts.
            format: csv, jsonl, parquet or tfrecord.
            settings: splits, bad_rows, delimiter, text_columns, compression, range_bytes, as in the config's `data`,
                and images: the columns that hold encoded images.
            span: which span; None takes the newest.

        Raises:
            ConfigError: the settings or placeholders are wrong, or a span is named for a path that has none.
        """
        reader(Settings.of(format, settings))
        spanned = patterns.has_span(path)
        if span is not None and not spanned:
            raise ConfigError(f"data.span is {span}, but data.path has no {{SPAN}} or {{DATE}}: {path}")
        base, pattern = patterns.divide(path)
        chosen = (
            range_config_pb2.StaticRange(start_span_number=span, end_span_number=span) if span is not None else None
        )
        spec = ExampleGenSpec(
            **{
                driver.INPUT_BASE: base,
                driver.INPUT_CONFIG: utils.make_default_input_config(pattern),
                driver.RANGE_CONFIG: range_config_pb2.RangeConfig(static_range=chosen) if chosen else None,
                driver.PATH: path,
                driver.FORMAT: format,
                driver.SETTINGS: json.dumps(settings, sort_keys=True),
                driver.EXAMPLES: Channel(type=Examples),
                driver.QUARANTINE: Channel(type=Quarantine),
            }
        )
        super().__init__(spec=spec)
