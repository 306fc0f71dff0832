"""Slices in SQL are looked at before anything is evaluated for nothing."""

import re

import pyarrow as pa
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_model_analysis.proto import config_pb2
from tfx_bsl.arrow import sql_util

from components.errors import InputError

_TYPES = {
    schema_pb2.FLOAT: pa.large_list(pa.float32()),
    schema_pb2.INT: pa.large_list(pa.int64()),
    schema_pb2.BYTES: pa.large_list(pa.large_binary()),
}
_HOLDS = {schema_pb2.FLOAT: "numbers", schema_pb2.INT: "numbers", schema_pb2.BYTES: "text"}
_COLUMN = re.compile(r"UNNEST\(example\.`((?:\\.|[^`\\])*)`\) AS (\w+)")
"""A column in the SQL of slices (pipeline/evaluation/slicing.py) and what its value is called."""


def check_slices(eval_config: config_pb2.EvalConfig, schema: schema_pb2.Schema) -> None:
    """Compile the SQL of slices.

    Raises:
        InputError: a column is not there, or of another type.
    """
    arrow = pa.schema([(each.name, _TYPES[each.type]) for each in schema.feature if each.type in _TYPES])
    for spec in eval_config.slicing_specs:
        sql = spec.slice_keys_sql
        try:
            if sql:
                sql_util.RecordBatchSQLSliceQuery(f"SELECT ARRAY({sql}) AS slice_key FROM Examples AS example;", arrow)
        except RuntimeError as error:
            raise InputError("\n".join(_misfits(sql, schema)) or f"evaluator.slices: {error}") from error


def _misfits(sql: str, schema: schema_pb2.Schema) -> list[str]:
    """What is wrong with each column of a slice."""
    held = {each.name: _HOLDS.get(each.type, "neither numbers nor text") for each in schema.feature}
    found = []
    for escaped, value in _COLUMN.findall(sql):
        column, ranged = re.sub(r"\\(.)", r"\1", escaped), f"CAST({value} AS DOUBLE)" in sql
        holds = held.get(column, "no such column")
        if ranged and holds != "numbers":
            wanted = f"c.Ranges(column={column!r}) needs a column of numbers"
            found.append(f"evaluator.slices: {wanted}. The schema has: {holds}")
        elif column not in held:
            found.append(f"evaluator.slices: {column!r} beside c.Ranges must be a column. The schema has: {holds}")
    return found
