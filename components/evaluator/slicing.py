"""Which rows of a block are in which slice: TFMA's slices, found once for rows that look alike.

TFMA makes the keys of the slices of each row by itself. Here rows with the same values in the columns of a slicing spec
are put together first, and one of them is shown to TFMA.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional

import numpy as np
import pandas as pd
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.api import types
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.slicer import slicer_lib
from tensorflow_model_analysis.utils import util

Features = Mapping[str, Any]
"""TFMA's tensor values by column, of a whole block."""


def columns_of(spec: config_pb2.SlicingSpec) -> list[str]:
    """The columns whose values decide on the slices of a row; those in SQL are not among them."""
    return sorted({*spec.feature_keys, *spec.feature_values})


def specs_of(eval_config: config_pb2.EvalConfig) -> list[config_pb2.SlicingSpec]:
    """All slices that are computed, each once; SQL is another matter."""
    found: list[config_pb2.SlicingSpec] = []
    crossed = [spec for each in eval_config.cross_slicing_specs for spec in (each.baseline_spec, *each.slicing_specs)]
    for spec in (*eval_config.slicing_specs, *crossed):
        if spec not in found and not spec.slice_keys_sql:
            found.append(spec)
    return found or [config_pb2.SlicingSpec()]


def rows_by_slice(
    specs: Sequence[config_pb2.SlicingSpec], extracts: types.Extracts, model_names: Sequence[str], size: int
) -> "dict[slicer_lib.SliceKeyType, np.ndarray]":
    """The rows of each slice, int64, ascending.

    Args:
        specs: what `specs_of` found.
        extracts: of a block, with features, transformed features, and what SQL has found.
        model_names: of several models; nothing where there is one.
        size: the rows of the block.
    """
    sources = _sources(extracts, model_names)
    found: dict[Any, list[np.ndarray]] = defaultdict(list)
    for spec in specs:
        for key, rows in _slices(spec, sources, size):
            found[key].append(rows)
    for key, rows in _found_by_sql(extracts):
        found[key].append(rows)
    return {key: rows[0] if len(rows) == 1 else np.unique(np.concatenate(rows)) for key, rows in found.items()}


def _sources(extracts: types.Extracts, model_names: Sequence[str]) -> list[Features]:
    """Where columns are looked for: in each model's transformed features, then in the raw ones."""
    transformed = extracts.get(constants.TRANSFORMED_FEATURES_KEY) or {}
    of_models = [transformed[name] for name in model_names if name in transformed] if model_names else [transformed]
    return [*of_models, extracts.get(constants.FEATURES_KEY) or {}]


def _slices(
    spec: config_pb2.SlicingSpec, sources: Sequence[Features], size: int
) -> "Iterator[tuple[slicer_lib.SliceKeyType, np.ndarray]]":
    columns = columns_of(spec)
    parts = [{name: source[name] for name in columns if source.get(name) is not None} for source in sources]
    codes = np.zeros(size, np.int64)
    for part in parts:
        for tensor in part.values():
            codes = pd.factorize(codes * (size + 1) + _codes(tensor, size))[0]
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    groups = np.split(order, starts[1:])
    alike = [[_row(part, group[0]) for part in parts] for group in groups]
    by_key: dict[Any, list[np.ndarray]] = defaultdict(list)
    single = slicer_lib.SingleSliceSpec(spec=spec)
    for group, (*of_models, raw) in zip(groups, alike, strict=True):
        for key in set(slicer_lib.get_slices_for_features_dicts(of_models, raw, [single])):
            by_key[key].append(group)
    for key, rows in by_key.items():
        yield key, np.sort(np.concatenate(rows))


def _codes(tensor: Any, size: int) -> np.ndarray:
    """A number for each row, the same for rows with the same values; int64 [size], below size."""
    if isinstance(tensor, types.VarLenTensorValue):
        return _codes_of_lists(tensor, size)
    if not isinstance(tensor, np.ndarray):
        return np.arange(size)
    values = tensor.reshape(size, -1)
    codes = np.zeros(size, np.int64)
    for index in range(values.shape[1]):
        codes = pd.factorize(codes * (size + 1) + pd.factorize(values[:, index], use_na_sentinel=False)[0])[0]
    return codes


def _codes_of_lists(tensor: types.VarLenTensorValue, size: int) -> np.ndarray:
    ends = np.searchsorted(tensor.indices[:, 0], np.arange(size + 1)).tolist()
    values = tensor.values.tolist()
    seen: dict[Any, int] = {}
    rows = (tuple(values[start:end]) for start, end in itertools.pairwise(ends))
    return np.array([seen.setdefault(row, len(seen)) for row in rows], np.int64)


def _row(part: Features, index: int) -> types.Extracts:
    """One row as TFMA has it."""
    found = {}
    for name, tensor in part.items():
        if isinstance(tensor, types.VarLenTensorValue):
            start, end = np.searchsorted(tensor.indices[:, 0], (index, index + 1))
            found[name] = tensor.values[start:end]
        elif isinstance(tensor, np.ndarray):
            found[name] = tensor[index].reshape(-1) if tensor.ndim > 1 else tensor[index : index + 1]
        else:
            found[name] = util.split_extracts({name: tensor})[index][name]
    return found


def _found_by_sql(extracts: types.Extracts) -> "Iterator[tuple[slicer_lib.SliceKeyType, np.ndarray]]":
    found: Optional[types.VarLenTensorValue] = extracts.get(constants.SLICE_KEY_TYPES_KEY)
    if found is None:
        return
    rows: dict[Any, list[int]] = defaultdict(list)
    for key, row in zip(found.values, found.indices[:, 0].tolist(), strict=True):
        rows[key].append(row)
    for key, each in rows.items():
        yield key, np.unique(np.array(each, np.int64))
