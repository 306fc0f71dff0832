"""Schemas as files."""

from __future__ import annotations

import os

from google.protobuf.text_format import ParseError
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.utils import io_utils

from components.errors import InputError


def load(path: str) -> schema_pb2.Schema:
    """The schema in a text proto. Raises InputError where there is none, with the line that is wrong."""
    if not os.path.isfile(path):
        raise InputError(f"{path}: no such file. Expected a schema as a text proto, such as schemas/taxi.pbtxt")
    try:
        return io_utils.parse_pbtxt_file(path, schema_pb2.Schema())
    except (ParseError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: expected a schema as a text proto, but: {error}") from error
