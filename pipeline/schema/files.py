"""Schemas as files."""

from __future__ import annotations

import os

from google.protobuf.text_format import ParseError
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.utils import io_utils

from components.errors import CrashError, InputError
from pipeline.config import Config
from pipeline.runs import write_whole
from pipeline.schema import printed
from pipeline.schema.edits import CommentWithin, NotEdited, edited


def load(path: str) -> schema_pb2.Schema:
    """The schema in a text proto. Raises InputError where there is none, with the line that is wrong."""
    if not os.path.isfile(path):
        raise InputError(f"{path}: no such file. Expected a schema as a text proto, as `millrace schema infer` writes")
    try:
        return io_utils.parse_pbtxt_file(path, schema_pb2.Schema())
    except (ParseError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: expected a schema as a text proto, but: {error}") from error


def path_of(config: Config) -> str:
    """Where the config's curated schema is, or is to be: `schemas/NAME.pbtxt` in its project."""
    return config.resolve(config.schema_.path or f"schemas/{config.name}.pbtxt")


def curated(config: Config) -> schema_pb2.Schema:
    """The schema at `path_of(config)`. Raises InputError where there is none."""
    path = path_of(config)
    if not os.path.isfile(path):
        raise InputError(f"{path}: no such file, so there is no schema to look at. `millrace schema infer` writes one")
    return load(path)


def check_new(path: str) -> None:
    """Raises InputError where there is a file."""
    if os.path.exists(path):
        raise InputError(
            f"{path} is there already: `millrace schema diff` holds it against the data, and `accept` changes it. "
            "--out takes another place"
        )


def create(path: str, schema: schema_pb2.Schema, comment: str) -> None:
    """Write a new file, with a comment at its top. Raises InputError where there is one."""
    check_new(path)
    lines = "".join(f"# {line}\n" for line in comment.splitlines())
    write_whole(path, f"{lines}\n{printed.message(schema)}")


def changed(path: str, schema: schema_pb2.Schema) -> tuple[str, str]:
    """The file's text as it is, and as it would say `schema`, its comments and order kept.

    Raises:
        InputError: it has comments within what is to go.
        CrashError: it is written in a way that nobody foresaw.
    """
    with open(path, encoding="utf-8") as file:
        before = file.read()
    try:
        return before, edited(before, schema)
    except CommentWithin as error:
        raise InputError(
            f"{path}: a comment stands within a list or a message that is to go or to be written anew, so the file was "
            "left as it is. Move the comment out of it, or change it by hand as `millrace schema diff` says"
        ) from error
    except NotEdited as error:
        raise CrashError(
            f"{path}: edited, it would say something else than it is to say, so it was left as it is. Change it by "
            "hand as `millrace schema diff` and `millrace drift suggest` say, and report what is odd in it"
        ) from error


def change(path: str, schema: schema_pb2.Schema) -> tuple[str, str]:
    """Make the file say `schema`; its text before and after. See `changed`."""
    before, after = changed(path, schema)
    if after != before:
        write_whole(path, after)
    return before, after
