"""Slices of a block equal those that TFMA finds for each row."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from google.protobuf import text_format
from tensorflow_model_analysis.api import types
from tensorflow_model_analysis.extractors import slice_key_extractor
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.slicer import slicer_lib
from tensorflow_model_analysis.utils import util

from components.evaluator.slicing import rows_by_slice, specs_of

ROWS = 60
CONFIG = """
    slicing_specs {}
    slicing_specs { feature_keys: "hour" }
    slicing_specs { feature_keys: ["hour", "kind"] }
    slicing_specs { feature_keys: "tags" }
    slicing_specs { feature_keys: "tags" feature_values { key: "kind" value: "a" } }
    slicing_specs { feature_keys: "x" }
    slicing_specs { feature_keys: "wide" }
    slicing_specs { feature_keys: "absent" }
    slicing_specs { feature_values { key: "hour" value: "1" } }
    cross_slicing_specs { baseline_spec {} slicing_specs { feature_values { key: "kind" value: "b" } } }
"""


def _extracts(**transformed: Any) -> dict[str, Any]:
    random = np.random.RandomState(0)
    tags = [list(random.choice(["p", "q", "r"], random.randint(0, 3)).astype("S1").astype(object)) for _ in range(ROWS)]
    x = random.randint(0, 3, ROWS).astype(np.float32)
    x[:5] = np.nan
    features = {
        "hour": random.randint(0, 3, (ROWS, 1)),
        "kind": random.choice([b"a", b"b", "ü".encode()], ROWS).astype(object),
        "tags": types.VarLenTensorValue.from_dense_rows([np.array(each, object) for each in tags]),
        "x": x,
        "wide": random.randint(0, 2, (ROWS, 2)),
    }
    found = {"features": features, "input": np.array([b""] * ROWS, object)}
    return {**found, "transformed_features": transformed} if transformed else found


def _check(extracts: dict[str, Any], text: str = CONFIG, models: str = "model_specs {}") -> None:
    config = text_format.Parse(text + models, config_pb2.EvalConfig())
    of_rows: dict[Any, list[int]] = defaultdict(list)
    find = slice_key_extractor.ExtractSliceKeysFn(config, materialize=False)
    specs = [slicer_lib.SingleSliceSpec(spec=spec) for spec in specs_of(config)]
    for index, row in enumerate(util.split_extracts(extracts)):
        [found] = find.process(row, specs)
        for key in found["_slice_key_types"]:
            of_rows[key].append(index)
    several = len(config.model_specs) > 1
    names = [spec.name for spec in config.model_specs] if several else []
    of_block = rows_by_slice(specs_of(config), extracts, names, ROWS)
    # NaN is no key of a dict that could be found again.
    assert sorted((repr(key), rows.tolist()) for key, rows in of_block.items()) == _merged(of_rows)


def _merged(of_rows: dict[Any, list[int]]) -> list[tuple[str, list[int]]]:
    merged: dict[str, list[int]] = defaultdict(list)
    for key, rows in of_rows.items():
        merged[repr(key)] += rows
    return sorted(merged.items())


def test_raw_columns() -> None:
    _check(_extracts())


def test_transformed_columns_come_first() -> None:
    _check(_extracts(hour=np.arange(ROWS) % 2, other=np.ones(ROWS)))


def test_all_models_are_looked_at() -> None:
    models = 'model_specs { name: "one" } model_specs { name: "two" }'
    _check(_extracts(one={"hour": np.arange(ROWS) % 2}, two={"hour": np.arange(ROWS) % 3}), CONFIG, models)


def test_without_specs_all_rows_are_one_slice() -> None:
    _check(_extracts(), "")


def test_what_sql_has_found() -> None:
    keys = [np.array([None, None], object) if index % 2 else np.array([], object) for index in range(ROWS)]
    for each in keys[1::2]:
        each[:] = [(("x", "low"),), (("x", "any"),)]
    extracts = _extracts()
    extracts["_slice_key_types"] = types.VarLenTensorValue.from_dense_rows(keys)
    _check(extracts)
