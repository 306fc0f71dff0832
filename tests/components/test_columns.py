"""Columns behind records."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from components.columns import appended, with_columns
from tests import tiny_model

RECORDS = [tiny_model.example({"x": 1.0, "kind": "a"}), tiny_model.example({"x": 2.0, "kind": "b"})]


def _row(record: bytes) -> dict[str, tuple[str, list[Any]]]:
    features = tf.train.Example.FromString(record).features.feature
    kinds = {name: feature.WhichOneof("kind") for name, feature in features.items()}
    return {name: (kind, list(getattr(features[name], kind).value)) for name, kind in kinds.items()}


def test_numbers_text_and_lists_are_appended_to_bytes_that_stay() -> None:
    columns = {
        "number": np.array([0.5, -1.0]),
        "whole": np.array([3, -(2**40)]),
        "text": tf.constant(["", "ü"]).numpy(),
        "list": np.arange(4, dtype=np.float32).reshape(2, 2),
    }
    found = appended(RECORDS, columns)
    assert all(record.startswith(before) for record, before in zip(found, RECORDS, strict=True))
    assert _row(found[1]) == {
        "x": ("float_list", [2.0]),
        "kind": ("bytes_list", [b"b"]),
        "number": ("float_list", [-1.0]),
        "whole": ("int64_list", [-(2**40)]),
        "text": ("bytes_list", ["ü".encode()]),
        "list": ("float_list", [2.0, 3.0]),
    }


def test_columns_may_be_left_out() -> None:
    first, _ = with_columns(RECORDS, {"number": np.zeros(2)}, without=["kind", "none"])
    assert _row(first) == {"x": ("float_list", [1.0]), "number": ("float_list", [0.0])}
