"""SchemaGen that knows of image columns, which the statistics leave out."""

import json
import os
from collections.abc import Iterable, Sequence
from typing import Any

from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import types
from tfx.components.schema_gen import executor
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import artifact_utils, component_spec, standard_artifacts, standard_component_specs
from tfx.utils import io_utils

_IMAGES = "images"


def with_images(schema: schema_pb2.Schema, columns: Iterable[str]) -> schema_pb2.Schema:
    """`schema` and a feature for each of `columns`.

    A feature of the kind has no presence: a curated schema that asked for one would find the column missing
    in the statistics. Ingestion has seen to it that every record has its image.
    """
    result = schema_pb2.Schema()
    result.CopyFrom(schema)
    for column in columns:
        result.feature.add(name=column, type=schema_pb2.BYTES, image_domain=schema_pb2.ImageDomain())
    return result


class Executor(executor.Executor):
    """TFX's, with the image columns added to what it has inferred."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """See TFX."""
        super().Do(input_dict, output_dict, exec_properties)
        folder = artifact_utils.get_single_uri(output_dict[standard_component_specs.SCHEMA_KEY])
        path = os.path.join(folder, executor.DEFAULT_FILE_NAME)
        inferred = io_utils.parse_pbtxt_file(path, schema_pb2.Schema())
        io_utils.write_pbtxt_file(path, with_images(inferred, json.loads(exec_properties[_IMAGES])))


class SchemaGenSpec(standard_component_specs.SchemaGenSpec):
    """TFX's, and the names of the image columns."""

    PARAMETERS = {
        **standard_component_specs.SchemaGenSpec.PARAMETERS,
        _IMAGES: component_spec.ExecutionParameter(type=str),
    }


class SchemaGen(base_component.BaseComponent):
    """A schema inferred from statistics, shapes left open, and the columns that hold encoded images."""

    SPEC_CLASS = SchemaGenSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, statistics: types.BaseChannel, images: Sequence[str]) -> None:
        """Args:
        statistics: of StatisticsGen, without the image columns.
        images: names of the image columns.
        """
        super().__init__(
            SchemaGenSpec(
                statistics=statistics,
                infer_feature_shape=0,
                exclude_splits=json.dumps([]),
                images=json.dumps(sorted(images)),
                schema=types.Channel(type=standard_artifacts.Schema),
            )
        )
