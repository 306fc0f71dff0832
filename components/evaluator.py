"""TFX's Evaluator, which looks at the SQL of slices before it evaluates for nothing."""

from typing import Any

import pyarrow as pa
from google.protobuf import json_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_model_analysis.proto import config_pb2
from tfx import types
from tfx.components.evaluator import component, executor
from tfx.dsl.components.base import executor_spec
from tfx.types import artifact_utils
from tfx.utils import io_utils
from tfx_bsl.arrow import sql_util

from components.errors import InputError

_TYPES = {
    schema_pb2.FLOAT: pa.large_list(pa.float32()),
    schema_pb2.INT: pa.large_list(pa.int64()),
    schema_pb2.BYTES: pa.large_list(pa.large_binary()),
}


def check_slices(eval_config: config_pb2.EvalConfig, schema: schema_pb2.Schema) -> None:
    """Compile the SQL of slices.

    Raises:
        InputError: a column is not there, or of another type.
    """
    arrow = pa.schema([(each.name, _TYPES[each.type]) for each in schema.feature if each.type in _TYPES])
    for spec in eval_config.slicing_specs:
        if spec.slice_keys_sql:
            try:
                sql_util.RecordBatchSQLSliceQuery(
                    f"SELECT ARRAY({spec.slice_keys_sql}) AS slice_key FROM Examples AS example;", arrow
                )
            except RuntimeError as error:
                raise InputError(
                    f"evaluator.slices: ranges need a column of numbers that the schema has. Received: "
                    f"{spec.slice_keys_sql} ({error})"
                ) from error


class Executor(executor.Executor):
    """TFX's executor behind `check_slices`."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """See TFX. Raises InputError for slices that do not fit the schema."""
        eval_config = json_format.Parse(exec_properties["eval_config"], config_pb2.EvalConfig())
        path = io_utils.get_only_uri_in_dir(artifact_utils.get_single_uri(input_dict["schema"]))
        check_slices(eval_config, io_utils.parse_pbtxt_file(path, schema_pb2.Schema()))
        super().Do(input_dict, output_dict, exec_properties)


class Evaluator(component.Evaluator):
    """TFX's component."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
