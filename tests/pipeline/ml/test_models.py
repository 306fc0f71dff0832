from __future__ import annotations

import keras
import numpy as np
import pytest

import pipeline.config as c
from components.errors import InputError
from pipeline.ml import models
from pipeline.ml.encoding import SparseLinear
from pipeline.ml.heads import Head
from pipeline.ml.inputs import ModelInput

CODE = "tests.pipeline.ml.user_code."
INPUTS = (
    ModelInput("miles (one way)"),
    ModelInput("hour", size=3),
    ModelInput("company", size=5, embedding=2),
    ModelInput("paid", size=2),
)
BATCH = {
    "miles (one way)": np.array([0.5, -1.0], np.float32),
    "hour": np.array([2, 0]),
    "company": np.array([4, 1]),
    "paid": np.array([0, 1]),
}
BINARY = Head(c.Head(label="tipped"), ("0", "1"))
KIND = Head(c.Head(label="kind", task="multiclass"), ("a", "b", "c"))
PRICE = Head(c.Head(label="price", task="regression"), ())
HEADS = (BINARY, KIND, PRICE)


@pytest.mark.parametrize(
    "model",
    [
        c.Model(kind="linear"),
        c.Model(kind="dnn", hidden_units=(8, 4), dropout=0.2, activation="tanh"),
        c.Model(kind="dnn", hidden_units=()),
        c.Model(kind="wide_deep", hidden_units=(8,), l1=0.01, l2=0.01),
        c.Model(kind="custom", builder=CODE + "functional"),
        c.Model(kind="custom", builder=CODE + "Subclassed"),
    ],
)
def test_every_kind_predicts_every_head(model):
    outputs = models.build(model, INPUTS, HEADS)(BATCH)
    assert {name: tuple(output.shape) for name, output in outputs.items()} == {
        "tipped": (2, 1),
        "kind": (2, 3),
        "price": (2, 1),
    }
    assert 0 < float(outputs["tipped"][0, 0]) < 1
    np.testing.assert_allclose(keras.ops.sum(outputs["kind"], axis=1), [1, 1], rtol=1e-6)


@pytest.mark.parametrize("name", ["sequential", "ready"])
def test_a_sequential_takes_all_features_side_by_side(name):
    built = models.build(c.Model(kind="custom", builder=CODE + name), INPUTS, (BINARY,))
    assert built(BATCH)["tipped"].shape == (2, 1)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("too_wide", r"prediction of 'tipped' must have shape \[batch, 1\]. Received: \(None, 3\)"),
        ("nothing", "must return a keras.Model. Received: NoneType"),
    ],
)
def test_a_wrong_builder_is_told_so(name, message):
    with pytest.raises(InputError, match=message):
        models.build(c.Model(kind="custom", builder=CODE + name), INPUTS, (BINARY,))


def test_a_single_output_does_not_do_for_two_heads():
    with pytest.raises(InputError, match=r"must return a dict of its heads \['price', 'tipped'\]"):
        models.build(c.Model(kind="custom", builder=CODE + "sequential"), INPUTS, (BINARY, PRICE))


def test_wide_and_deep_needs_both_parts():
    with pytest.raises(InputError, match="needs at least one number or embedding for the deep part"):
        models.build(c.Model(kind="wide_deep"), (ModelInput("hour", size=3),), (BINARY,))
    with pytest.raises(InputError, match="needs at least one one-hot feature for the wide part"):
        models.build(c.Model(kind="wide_deep"), (ModelInput("miles"),), (BINARY,))


def test_regularisation_reaches_the_loss():
    built = models.build(c.Model(kind="dnn", hidden_units=(4,), l2=0.1), INPUTS, (PRICE,))
    kernels = [w for w in built.trainable_weights if w.path.endswith("kernel")]
    np.testing.assert_allclose(sum(built.losses), sum(0.1 * float(np.sum(np.square(w))) for w in kernels), rtol=1e-5)


def test_sparse_linear_equals_a_dense_layer_over_one_hots():
    layer = SparseLinear([3, 2], 4)
    ids = [np.array([2, 0]), np.array([0, 1])]
    sparse = layer(ids)
    one_hots = np.concatenate([np.eye(3)[ids[0]], np.eye(2)[ids[1]]], axis=1)
    np.testing.assert_allclose(sparse, one_hots @ np.array(layer.kernel), rtol=1e-6)


def test_layers_are_called_the_same_in_every_process():
    def names() -> list[str]:
        return [w.path for w in models.build(c.Model(kind="wide_deep"), INPUTS, HEADS).weights]

    assert names() == names()
