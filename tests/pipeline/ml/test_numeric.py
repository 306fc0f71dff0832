"""Numeric columns are analysed together; each must get its own statistics, of the values that it has."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_transform.analyzer_nodes import TENSOR_REPLACEMENTS

import pipeline.config as c
from pipeline.config.settings import TrainerSettings
from pipeline.ml import numeric
from tests.pipeline.ml.transformed import Transformed, Value, schema_of

ROWS = 3000
"""More than one batch of Transform."""
TIME = 1_400_000_000
NAMES = (
    "row", "z", "z_holes", "z_filled", "z_constant", "z_empty", "range", "range_holes", "range_empty",
    "quarters", "quarters_holes", "thirds", "quarters_empty", "number_holes", "number_empty",
)  # fmt: skip
TYPES = dict.fromkeys(NAMES, "FLOAT") | {"z_time": "INT"}


def _row(row: int) -> dict[str, Value]:
    number = float(row)
    # The last third of the rows has none, so that whole batches go without.
    holes = number if row < 2000 else None
    return {
        "row": number, "z": number, "z_holes": holes, "z_filled": holes, "z_constant": 0.1, "z_time": TIME + 1024 * row,
        "range": number - 100, "range_holes": holes, "quarters": -number, "quarters_holes": holes, "thirds": number,
        "number_holes": holes,
    }  # fmt: skip


@pytest.fixture(scope="module")
def columns(tmp_path_factory) -> dict[str, np.ndarray]:
    """The transformed training split by row; the eval split, of other values, must not count."""
    settings = TrainerSettings(
        features=(
            *(c.ZScore(column=name) for name in ("z", "z_holes", "z_constant", "z_empty", "z_time")),
            c.ZScore(column="z_filled", fill=0.0),
            *(c.MinMax(column=name) for name in ("range", "range_holes", "range_empty")),
            *(c.Buckets(column=name, count=4) for name in ("quarters", "quarters_holes", "quarters_empty")),
            c.Buckets(column="thirds", count=3),
            *(c.Numeric(column=name) for name in ("number_holes", "number_empty")),
        ),
        heads=(c.Head(label="row", task="regression"),),
    )
    splits = {"train": [_row(row) for row in range(ROWS)], "eval": [_row(-5000), _row(9000)]}
    made = Transformed(str(tmp_path_factory.mktemp("numeric")), splits, schema_of(TYPES), settings).parsed("train")
    order = np.argsort(made["label_row"])
    return {name: values[order] for name, values in made.items()}


def test_z_score(columns):
    every, there = np.arange(3000), np.arange(2000)
    np.testing.assert_allclose(columns["z"], (every - every.mean()) / every.std(), rtol=1e-5, atol=1e-6)
    expected = np.append((there - there.mean()) / there.std(), np.zeros(1000))
    np.testing.assert_allclose(columns["z_holes"], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(columns["z_filled"][2000:], -there.mean() / there.std(), rtol=1e-5)


def test_z_score_of_large_numbers_that_are_close_together(columns):
    every = np.arange(3000)
    # The mean leaves as float32, which near 1.4e9 is right to 64.
    np.testing.assert_allclose(
        columns["z_time"], (every - every.mean()) / every.std(), atol=1.1 * 64 / (1024 * every.std())
    )


def test_a_column_that_never_varies_is_zero_although_float32_holds_no_exact_sum_of_it(columns):
    assert set(columns["z_constant"]) == {0}


def test_min_max(columns):
    np.testing.assert_allclose(columns["range"], np.arange(3000) / 2999, rtol=1e-5)
    np.testing.assert_allclose(columns["range_holes"][:2000], np.arange(2000) / 1999, rtol=1e-5)
    np.testing.assert_allclose(columns["range_holes"][2000:], 0.5, rtol=1e-5)


def test_quantile_buckets_hold_equal_parts_of_the_values_that_are_there(columns):
    np.testing.assert_allclose(np.bincount(columns["quarters"]), [750] * 4, atol=30)
    np.testing.assert_allclose(np.bincount(columns["thirds"]), [1000] * 3, atol=30)
    np.testing.assert_allclose(np.bincount(columns["quarters_holes"][:2000]), [500] * 4, atol=20)


def test_a_missing_number_is_the_mean(columns):
    np.testing.assert_allclose(columns["number_holes"][2000:], 999.5)


@pytest.mark.parametrize("column", ["z_empty", "range_empty", "quarters_empty", "number_empty"])
def test_a_column_without_any_value_is_zero(columns, column):
    assert set(columns[column]) == {0}


def _analyzers(columns: int) -> int:
    features: list[numeric.NumericFeature] = []
    for number in range(columns):
        features += [
            c.ZScore(column=f"z{number}"),
            c.MinMax(column=f"range{number}"),
            c.Buckets(column=f"buckets{number}", count=4),
        ]
    with tf.Graph().as_default() as graph:
        numbers = {each.column: tf.compat.v1.placeholder(tf.float32, [None]) for each in features}
        numeric.transform(features, numbers)
        return len(graph.get_collection(TENSOR_REPLACEMENTS))


def test_more_columns_need_no_more_analyzers():
    assert _analyzers(1) == _analyzers(20) > 0
