from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import pipeline.config as c
from components.saved_model import Model
from pipeline.config.settings import TrainerSettings
from pipeline.ml import models, prepared, serving, training
from tests.pipeline.ml.transformed import TAXI_TYPES, Row, Transformed, example, schema_of, taxi_rows

ROWS = [{name: value for name, value in row.items() if name != "tips"} for row in taxi_rows(60)]
"""Real rows as serving sees them, without the label's column; some lack a location."""
EMPTY: Row = dict.fromkeys(ROWS[0])


@pytest.fixture(scope="module")
def servable(taxi: Transformed) -> serving.Servable:
    """An untrained two-head model in this process: random weights tell signatures apart as well as trained ones."""
    data = prepared.data(taxi.settings, taxi.fn_args(""))
    model = models.build(c.Model(kind="dnn", hidden_units=(8,)), data.inputs, data.heads)
    return serving.Servable(model, data, taxi.settings.transform)


@pytest.fixture(scope="module")
def loaded(servable: serving.Servable, tmp_path_factory: pytest.TempPathFactory):
    folder = str(tmp_path_factory.mktemp("model"))
    tf.saved_model.save(servable, folder, signatures=servable.signatures())
    return tf.saved_model.load(folder).signatures


def examples(rows: list[Row]) -> tf.Tensor:
    return tf.constant([example(row) for row in rows])


def raw(rows: list[Row]) -> dict[str, tf.Tensor]:
    """The rows as columns, the way a JSON request carries them."""
    return {
        name: tf.constant([row[name] or "" for row in rows])
        if TAXI_TYPES[name] == "BYTES"
        else tf.constant([float("nan") if row[name] is None else row[name] for row in rows], tf.float64)
        for name in ROWS[0]
    }


def test_rows_with_missing_values_are_among_them():
    assert any(None in row.values() for row in ROWS)


def test_signatures_have_the_promised_names(loaded):
    assert set(loaded) == {"serving_default", "raw", "transform_features", "transform_labels", "evaluate"}
    assert set(loaded["raw"].structured_input_signature[1]) == set(ROWS[0])


def test_all_signatures_agree_with_the_model_in_this_process(servable, loaded):
    rows = [*ROWS, EMPTY]
    features = loaded["transform_features"](examples=examples(rows))
    truth = servable.model(dict(features.items()), training=False)
    evaluate = loaded["evaluate"](examples=examples(rows))
    by_example, by_column = loaded["serving_default"](examples=examples(rows)), loaded["raw"](**raw(rows))
    np.testing.assert_allclose(evaluate["big_tipper"], truth["big_tipper"], atol=1e-6)
    np.testing.assert_allclose(evaluate["tip"], truth["tip"], atol=1e-6)
    for answer in (by_example, by_column):
        assert set(answer) == {"big_tipper_classes", "big_tipper_scores", "tip_outputs"}
        np.testing.assert_allclose(answer["big_tipper_scores"][:, 1:], truth["big_tipper"], atol=1e-6)
        np.testing.assert_allclose(answer["big_tipper_scores"][:, 0], 1 - truth["big_tipper"][:, 0], atol=1e-6)
        np.testing.assert_allclose(answer["tip_outputs"], truth["tip"], atol=1e-6)
        assert answer["big_tipper_classes"].numpy().tolist() == [[b"0", b"1"]] * len(rows)


def test_transform_features_equals_what_training_read(taxi, loaded):
    columns = taxi.parsed("train")
    features = loaded["transform_features"](examples=examples(ROWS))
    served = {tuple(round(float(value[row]), 5) for value in features.values()) for row in range(len(ROWS))}
    trained = {
        tuple(round(float(columns[name][row]), 5) for name in features) for row in range(len(columns["label_tip"]))
    }
    assert served <= trained


def test_labels_come_from_rows_that_have_them(loaded):
    rows = [{**row, "tips": tip} for row, tip in zip(ROWS[:3], (0.0, 50.0, None), strict=True)]
    labels = loaded["transform_labels"](examples=examples(rows))
    assert labels["label_big_tipper"].numpy().tolist() == [0, 1, 0]
    np.testing.assert_array_equal(labels["label_tip"], [0, 50, np.nan])


def test_a_column_of_fixed_shape_may_be_missing_when_serving(tmp_path):
    types = {"size (cm)": "FLOAT", "day": "INT", "colour": "BYTES", "kind": "BYTES"}
    rows = [
        {"size (cm)": float(n), "day": n % 3, "colour": "red" if n % 2 else "blue", "kind": "abc"[n % 3]}
        for n in range(30)
    ]
    settings = TrainerSettings(
        features=(
            c.Numeric(column="size (cm)", fill=9),
            c.Identity(column="day", size=3),
            c.Hashed(column="colour", buckets=9),
        ),
        heads=(c.Head(label="kind", task="multiclass", classes=("a", "b", "c")),),
        model=c.Model(kind="linear"),
        trainer=c.Trainer(epochs=1, tensorboard=False),
    )
    transformed = Transformed(str(tmp_path), {"train": rows, "eval": rows}, schema_of(types, fixed=True), settings)
    training.run_fn(transformed.fn_args(str(tmp_path)))
    signatures = tf.saved_model.load(str(tmp_path / "model")).signatures
    whole, hole = {"size (cm)": 3.0, "day": 1, "colour": "red"}, {"size (cm)": None, "day": None, "colour": None}
    features = signatures["transform_features"](examples=examples([whole, hole]))
    assert features["day"].numpy().tolist() == [1, 3]
    assert features["size (cm)"].numpy()[1] == 9
    by_example = signatures["serving_default"](examples=examples([whole, hole]))
    by_column = signatures["raw"](
        size__cm_=tf.constant([3, np.nan], tf.float64),
        day=tf.constant([1, np.nan], tf.float64),
        colour=tf.constant(["red", ""]),
    )
    np.testing.assert_allclose(by_example["scores"], by_column["scores"], atol=1e-6)
    assert Model(str(tmp_path / "model")).columns == {"size (cm)": False, "day": False, "colour": True}
    assert by_example["classes"].numpy().tolist()[0] == [b"a", b"b", b"c"]
