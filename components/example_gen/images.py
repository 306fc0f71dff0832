"""Image columns of tf.Examples: checked, and their properties appended as features of their own."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Union

import numpy as np
from tensorflow.core.example import example_pb2, feature_pb2

from components import columns
from components.images.properties import Properties, measure_all
from components.images.records import filename, prefix

_DTYPES = {field.name: np.int64 if field.type is int else np.float32 for field in dataclasses.fields(Properties)}


def properties(
    examples: Sequence[example_pb2.Example], image_columns: Sequence[str], max_pixels: int
) -> list[Union[dict[str, Properties], str]]:
    """For each of `examples` the properties of its images by column, or why one of them cannot be used."""
    found: list[Union[dict[str, Properties], str]] = [{} for _ in examples]
    for column in image_columns:
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
    """Each record with the properties of its images."""
    found = {
        f"{prefix(column)}/{name}": np.array([getattr(each[column], name) for each in measured], dtype)
        for column in (measured[0] if measured else ())
        for name, dtype in _DTYPES.items()
    }
    return columns.appended(records, found)


def _encoded(features: Mapping[str, feature_pb2.Feature], column: str) -> Union[bytes, str]:
    """The image, or why there is none."""
    if column not in features:
        return f"expected an image, but the record has only {', '.join(sorted(features))}"
    values = features[column].bytes_list.value
    return values[0] if len(values) == 1 else f"expected one image, but there are {len(values)} byte strings"
