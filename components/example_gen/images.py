"""Image columns of tf.Examples: checked, and their properties appended as features of their own."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Union

import numpy as np
from tensorflow.core.example import example_pb2, feature_pb2

from components.example_gen import example_wire
from components.example_gen.cells import Kind, Ragged
from components.images.properties import Properties, measure_all

_KINDS = {field.name: Kind.INT if field.type is int else Kind.FLOAT for field in dataclasses.fields(Properties)}
_DTYPES = {Kind.INT: np.int64, Kind.FLOAT: np.float32}


def prefix(column: str) -> str:
    """What the names of a column's properties begin with: "image" for "image/encoded"."""
    return column.rpartition("/")[0] or column


def properties(
    examples: Sequence[example_pb2.Example], columns: Sequence[str], max_pixels: int
) -> list[Union[dict[str, Properties], str]]:
    """For each of `examples` the properties of its images by column, or why one of them cannot be used."""
    found: list[Union[dict[str, Properties], str]] = [{} for _ in examples]
    for column in columns:
        encoded = [_encoded(example.features.feature, column) for example in examples]
        measured = iter(measure_all([each for each in encoded if isinstance(each, bytes)], max_pixels))
        for index, each in enumerate(encoded):
            result = next(measured) if isinstance(each, bytes) else each
            so_far = found[index]
            if isinstance(so_far, str):
                continue
            if isinstance(result, str):
                name = filename(examples[index].features.feature, column)
                found[index] = f"{column!r}{f' ({name})' if name else ''}: {result}"
            else:
                so_far[column] = result
    return found


def appended(records: Sequence[bytes], measured: Sequence[Mapping[str, Properties]]) -> list[bytes]:
    """Each record followed by a tf.Example that holds the properties.

    Parsers merge serialised messages that follow each other, and of a map's equal keys the last one counts:
    https://protobuf.dev/programming-guides/encoding/#last-one-wins.
    """
    if not records:
        return []
    columns = {}
    for column in measured[0]:
        for name, kind in _KINDS.items():
            values = np.array([getattr(each[column], name) for each in measured], _DTYPES[kind])
            columns[f"{prefix(column)}/{name}"] = Ragged(kind, np.arange(len(records) + 1), values)
    return [record + more for record, more in zip(records, example_wire.encode(columns, len(records)), strict=True)]


def _encoded(features: Mapping[str, feature_pb2.Feature], column: str) -> Union[bytes, str]:
    """The image, or why there is none."""
    if column not in features:
        return f"expected an image, but the record has only {', '.join(sorted(features))}"
    values = features[column].bytes_list.value
    return values[0] if len(values) == 1 else f"expected one image, but there are {len(values)} byte strings"


def filename(features: Mapping[str, feature_pb2.Feature], column: str) -> str:
    """The image's own name, where the record has it under the field's standard key; else nothing."""
    key = f"{prefix(column)}/filename"
    names = features[key].bytes_list.value if key in features else ()
    return names[0].decode("utf-8", "backslashreplace") if names else ""
