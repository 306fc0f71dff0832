"""ExampleValidator that names the environment: what only serving sees is not missed in training's data.

TFX's own names none, so that TFDV asks for the features of all environments.
"""

import os
from typing import Any

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.components.example_validator import component, executor, labels
from tfx.components.util.value_utils import GetSoleValue
from tfx.dsl.components.base import executor_spec
from tfx.types import standard_component_specs as specs
from tfx.utils import writer_utils

from components.environments import TRAINING, declared


class Executor(executor.Executor):
    """TFX's, with the environment TRAINING where the schema has one."""

    def _Validate(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> anomalies_pb2.Anomalies:
        schema = GetSoleValue(inputs, specs.SCHEMA_KEY)
        found = tfdv.validate_statistics(
            GetSoleValue(inputs, specs.STATISTICS_KEY),
            schema,
            environment=declared(schema, TRAINING),
            custom_validation_config=GetSoleValue(inputs, specs.CUSTOM_VALIDATION_CONFIG_KEY),
        )
        folder = GetSoleValue(outputs, labels.SCHEMA_DIFF_PATH)
        writer_utils.write_anomalies(os.path.join(folder, executor.DEFAULT_FILE_NAME), found)
        return found


class ExampleValidator(component.ExampleValidator):
    """TFX's, in the environment of training."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)
