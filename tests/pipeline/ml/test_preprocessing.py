from __future__ import annotations

import os

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft

import pipeline.config as c
from components.errors import InputError
from pipeline.config.settings import TransformSettings
from pipeline.ml import labels, preprocessing
from pipeline.ml.inputs import model_inputs
from tests.pipeline.ml.transformed import Transformed


@pytest.fixture(scope="module")
def rows(records: Transformed) -> dict[str, np.ndarray]:
    """The transformed training split, in the order of RECORDS (by its price)."""
    columns = records.parsed("train")
    order = np.argsort(columns["label_cost"])
    return {name: values[order] for name, values in columns.items()}


def test_a_number_is_taken_as_it_is(rows):
    assert rows["price"].tolist() == [1.5, 2.5, 3.5, 4.5]


def test_z_score_uses_the_values_that_are_there_and_puts_a_missing_one_at_zero(rows):
    deviation = np.std([1, 3, 5])
    np.testing.assert_allclose(rows["size"], [-2 / deviation, 0, 0, 2 / deviation], rtol=1e-6)


def test_min_max_takes_the_fill_for_a_missing_value(rows):
    np.testing.assert_allclose(rows["count"], [0, 0.5, 0.25, 1], rtol=1e-6)


def test_explicit_boundaries_belong_to_the_bucket_above(rows):
    assert rows["weight"].tolist() == [1, 2, 1, 0]


def test_a_vocabulary_is_by_frequency_and_a_missing_text_is_unknown(rows):
    assert rows["colour"].tolist() == [0, 0, 2, 1]


def test_a_vocabulary_of_integers_with_top_k_and_fill(rows):
    # 7 and 8 come twice each (8 once by the fill); the larger token wins a tie, and the other is unknown.
    assert sorted(set(rows["code"].tolist())) == [0, 1]
    assert rows["code"][0] == rows["code"][1]
    assert rows["code"][2] == rows["code"][3]


def test_a_vocabulary_file_keeps_its_order_and_becomes_part_of_the_graph(rows, records):
    assert rows["place"].tolist() == [1, 0, 2, 2]
    assert "places.txt" in os.listdir(os.path.join(records.graph, "transform_fn", "assets"))


def test_identity_sends_missing_and_foreign_ids_to_the_unknown(rows):
    assert rows["day"].tolist() == [0, 1, 7, 7]


def test_hashed_and_crossed_ids_are_in_range_and_tell_values_apart(rows):
    assert rows["odd"][0] == rows["odd"][3] != rows["odd"][1]
    assert len(set(rows["place_x_day"].tolist())) == 4
    assert all(0 <= id < 50 for id in rows["place_x_day"])


def test_labels(rows):
    assert rows["label_kind"].tolist()[:1] == [0]
    assert sorted(rows["label_kind"].tolist()) == [0, 0, 1, 2]
    assert rows["label_cost"].tolist() == [1.5, 2.5, 3.5, 4.5]
    assert rows["label_half"].tolist() == [1, 0, labels.MISSING, 1]
    assert rows["label_strange"].tolist() == [0, 1, labels.UNKNOWN, 0]
    assert rows["label_dear"].tolist() == [0, 0, 1, 1]
    assert rows["example_weight"].tolist() == [1, 2, 1, 0.5]


def test_quantile_buckets_of_real_rows_are_about_equal(taxi):
    columns = taxi.parsed("train")
    counts = np.bincount(columns["pickup_latitude"])
    assert len(counts) <= 10
    assert columns["pickup_latitude"].min() == 0
    np.testing.assert_allclose(columns["fare"].mean(), 0, atol=1e-5)
    np.testing.assert_allclose(columns["fare"].std(), 1, atol=1e-4)


def test_an_unknown_column_is_named_with_close_ones():
    settings = TransformSettings(
        features=(c.ZScore(column="fair"),), labels=(c.Head(label="tips", task="regression").label_spec,)
    )
    inputs = {"fare": tf.zeros([2]), "tips": tf.zeros([2])}
    with pytest.raises(InputError, match="no column 'fair'. Did you mean fare"):
        preprocessing.preprocessing_fn(inputs, {"settings": settings.model_dump_json()})


@pytest.mark.parametrize("feature", [c.Numeric(column="name"), c.Identity(column="name", size=3)])
def test_text_is_no_number(feature):
    settings = TransformSettings(features=(feature,), labels=())
    with pytest.raises(InputError, match=f"{feature.kind} of 'name': column 'name' is text"):
        preprocessing.features_of({"name": tf.constant(["a"])}, settings, {})


def test_inputs_of_the_model_know_their_sizes(records):
    made = {each.name: each for each in model_inputs(records.settings, _with_places(records))}
    assert (made["price"].size, made["weight"].size, made["day"].size, made["odd"].size) == (None, 3, 8, 50)
    assert (made["colour"].size, made["colour"].embedding, made["colour"].vocabulary) == (3, 2, ("red", "blue"))
    assert made["place"].size == 3
    assert made["place"].vocabulary == ("south", "north")


def _with_places(records: Transformed) -> tft.TFTransformOutput:
    return tft.TFTransformOutput(records.graph)
