"""The driver: finds the span and its files, and gives the outputs the properties that say so."""

import copy
import json
import posixpath
from typing import Any

from tfx.components.example_gen import driver, utils
from tfx.dsl.io import fileio
from tfx.orchestration import data_types
from tfx.orchestration.portable import data_types as portable_data_types
from tfx.proto import example_gen_pb2
from tfx.proto.orchestration import driver_output_pb2
from tfx.types.standard_component_specs import EXAMPLES_KEY, INPUT_BASE_KEY, INPUT_CONFIG_KEY
from tfx.utils import proto_utils

from components.artifacts import SPAN
from components.errors import InputError
from components.example_gen import patterns
from components.example_gen.settings import digest
from components.spans import INGESTION

PATH, FORMAT, SETTINGS, QUARANTINE = "path", "format", "settings", "quarantine"


class Driver(driver.FileBasedDriver):
    """TFX's driver for files, with errors that say what there is instead, and a second output."""

    def resolve_exec_properties(
        self,
        exec_properties: dict[str, Any],
        pipeline_info: data_types.PipelineInfo,
        component_info: data_types.ComponentInfo,
    ) -> dict[str, Any]:
        """Fill in span, version, fingerprint and the pattern of the span's files.

        Raises:
            InputError: no file matches.
        """
        path = exec_properties[PATH]
        try:
            resolved = super().resolve_exec_properties(exec_properties, pipeline_info, component_info)
        except ValueError as error:
            raise _nothing(path, str(error)) from error
        if not fileio.glob(input_pattern(resolved)):
            raise _nothing(path, f"no file matches {input_pattern(resolved)}")
        return resolved

    def run(self, execution_info: portable_data_types.ExecutionInfo) -> driver_output_pb2.DriverOutput:
        """See TFX's driver."""
        result = super().run(execution_info)
        told = execution_info.exec_properties
        how = digest(told[PATH], told[FORMAT], json.loads(told[SETTINGS]))
        result.output_artifacts[EXAMPLES_KEY].artifacts[0].custom_properties[INGESTION].string_value = how
        quarantine = copy.deepcopy(execution_info.output_dict[QUARANTINE][0].mlmd_artifact)
        quarantine.properties[SPAN].int_value = result.exec_properties[utils.SPAN_PROPERTY_NAME].int_value
        result.output_artifacts[QUARANTINE].artifacts.append(quarantine)
        return result


def input_pattern(exec_properties: dict[str, Any]) -> str:
    """The files to ingest, as the driver resolved them."""
    config = example_gen_pb2.Input()
    proto_utils.json_to_proto(exec_properties[INPUT_CONFIG_KEY], config)
    return posixpath.join(exec_properties[INPUT_BASE_KEY], config.splits[0].pattern)


def _nothing(path: str, why: str) -> InputError:
    spans = patterns.spans(path)
    if spans:
        there = f"The spans that exist: {', '.join(map(str, spans))}"
    else:
        siblings = patterns.siblings(path)
        there = f"There is: {', '.join(siblings)}" if siblings else "Its folder is empty or does not exist"
    return InputError(f"data.path {path}: nothing to read ({why}). {there}")
