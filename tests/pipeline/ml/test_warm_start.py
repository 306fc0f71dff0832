from __future__ import annotations

import numpy as np
import pytest

import pipeline.config as c
from components.errors import InputError
from pipeline.ml import models, warm_start
from pipeline.ml.heads import Head
from pipeline.ml.inputs import ModelInput

HEADS = (Head(c.Head(label="tipped"), ("0", "1")),)
MODEL = c.Model(kind="wide_deep", hidden_units=(4,))


def inputs(companies: tuple[str, ...], colours: tuple[str, ...]) -> tuple[ModelInput, ...]:
    return (
        ModelInput("miles"),
        ModelInput("hour", size=2),
        ModelInput("company", size=len(companies) + 1, embedding=2, vocabulary=companies),
        ModelInput("colour", size=len(colours) + 1, vocabulary=colours),
    )


def predict(model, company: int, colour: int) -> float:
    batch = {"miles": [0.5], "hour": [1], "company": [company], "colour": [colour]}
    return float(model({name: np.array(value) for name, value in batch.items()})["tipped"][0, 0])


@pytest.fixture
def old(tmp_path):
    made = inputs(("Blue Cab", "Flash"), ("red", "green"))
    model = models.build(MODEL, made, HEADS)
    for weight in model.weights:
        weight.assign(np.random.default_rng(0).normal(size=weight.shape))
    warm_start.save(str(tmp_path), model, made)
    return model


def test_rows_follow_their_values_into_a_new_vocabulary(old, tmp_path):
    made = inputs(("Taxi Inc", "Flash", "Blue Cab"), ("green", "red"))
    new = models.build(MODEL, made, HEADS)
    warm_start.load(str(tmp_path), new, made)
    assert predict(new, company=2, colour=1) == pytest.approx(predict(old, company=0, colour=0), abs=1e-6)
    assert predict(new, company=1, colour=0) == pytest.approx(predict(old, company=1, colour=1), abs=1e-6)
    assert predict(new, company=3, colour=2) == pytest.approx(predict(old, company=2, colour=2), abs=1e-6)


def test_a_value_never_seen_keeps_its_fresh_start(old, tmp_path):
    made = inputs(("Taxi Inc", "Flash"), ("red", "green"))
    new = models.build(MODEL, made, HEADS)
    fresh = np.array(new.get_layer("embedding_company").embeddings)[0]
    warm_start.load(str(tmp_path), new, made)
    np.testing.assert_array_equal(np.array(new.get_layer("embedding_company").embeddings)[0], fresh)


def test_another_structure_is_refused_by_name(old, tmp_path):
    made = inputs(("Blue Cab", "Flash"), ("red", "green"))
    new = models.build(c.Model(kind="wide_deep", hidden_units=(5, 3)), made, HEADS)
    message = (
        r"only the new model has hidden_1/bias.*hidden_0/bias was \(4,\) and is \(5,\).*Turn trainer.warm_start off"
    )
    with pytest.raises(InputError, match=message):
        warm_start.load(str(tmp_path), new, made)


def test_a_model_of_another_maker_is_refused(tmp_path):
    made = inputs(("a",), ("b",))
    with pytest.raises(InputError, match="holds no weights"):
        warm_start.load(str(tmp_path / "elsewhere"), models.build(MODEL, made, HEADS), made)
