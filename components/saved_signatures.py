"""What the signatures of an exported model return, read from its file without TensorFlow.

Of the messages in tensorflow/core/protobuf/{saved_model,meta_graph}.proto and framework/tensor_shape.proto only the
fields that lead there are declared; protobuf skips the others, which are the model.
"""

import os
from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from tfx.dsl.io import fileio
from tfx.types.artifact import Artifact
from tfx.utils import path_utils

_FIELD = descriptor_pb2.FieldDescriptorProto
_MESSAGES = {
    # Fields: name, number, and the message it holds; a map is a list of entries.
    "SavedModel": (("meta_graphs", 2, "MetaGraphDef"),),
    "MetaGraphDef": (("signature_def", 5, "SignatureEntry"),),
    "SignatureEntry": (("key", 1, ""), ("value", 2, "SignatureDef")),
    "SignatureDef": (("outputs", 2, "OutputEntry"),),
    "OutputEntry": (("key", 1, ""), ("value", 2, "TensorInfo")),
    "TensorInfo": (("tensor_shape", 3, "TensorShape"),),
    "TensorShape": (("dim", 2, "Dim"),),
    "Dim": (("size", 1, ""),),
}
_LISTS = {"meta_graphs", "signature_def", "outputs", "dim"}
_TYPES = {"key": _FIELD.TYPE_STRING, "size": _FIELD.TYPE_INT64}

Outputs = Mapping[str, Mapping[str, tuple[int, ...]]]
"""The shape of each output of each signature, -1 for the batch."""


def folder_of(model: Artifact) -> str:
    """The folder of the SavedModel in a Model artifact."""
    return str(path_utils.serving_model_path(model.uri, path_utils.is_old_model_artifact(model)))


def outputs(folder: str) -> Outputs:
    """What the signatures of the SavedModel in `folder` return; nothing where it is gone."""
    path = os.path.join(folder, "saved_model.pb")
    if not fileio.exists(path):
        return {}
    with fileio.open(path, "rb") as file:
        saved = _SAVED_MODEL.FromString(file.read())
    return {
        signature.key: {
            output.key: tuple(dim.size for dim in output.value.tensor_shape.dim) for output in signature.value.outputs
        }
        for graph in saved.meta_graphs
        for signature in graph.signature_def
    }


def _saved_model() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="saved_signatures.proto", package="saved_signatures", syntax="proto3"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, holds in fields:
            message.field.add(
                name=field,
                number=number,
                label=_FIELD.LABEL_REPEATED if field in _LISTS else _FIELD.LABEL_OPTIONAL,
                type=_FIELD.TYPE_MESSAGE if holds else _TYPES[field],
                type_name=f".saved_signatures.{holds}" if holds else None,
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = pool.FindMessageTypeByName(f"{file.package}.SavedModel")
    return message_factory.MessageFactory(pool).GetPrototype(found)  # type: ignore[attr-defined]


_SAVED_MODEL = _saved_model()
