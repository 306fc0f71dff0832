"""Networks for images as models of the config."""

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

IMAGE = c.Image(height=8, width=8, channels=1, mean=(0.5,), deviation=(0.5,), augment=(c.Flip(),))
PIXELS = ModelInput("image_encoded", shape=(8, 8, 1), image=IMAGE)
HEADS = (
    Head(c.Head(label="kind", task="multiclass", classes=("a", "b", "c")), ("a", "b", "c")),
    Head(c.Head(label="size", task="regression"), ()),
)


def batch(*inputs: ModelInput) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {
        each.name: random.integers(0, 256 if each.image else each.size or 1, (4, *each.shape)).astype(each.dtype)
        for each in inputs
    }


@pytest.mark.parametrize("network", [c.ResNet(depth=20, filters=2), c.CNN(filters=(2, 4))], ids=lambda each: each.kind)
def test_an_image_beside_columns_feeds_several_heads(network):
    inputs = (PIXELS, ModelInput("price"), ModelInput("colour", size=5), ModelInput("shop", size=7, embedding=2))
    model = models.build(network, inputs, HEADS)
    for layer in model.layers:
        if isinstance(layer, SparseLinear):  # starts from zeros
            layer.kernel.assign(np.random.default_rng(1).normal(size=layer.kernel.shape))
    rows = batch(*inputs)
    answers = model(rows, training=False)
    assert {name: tuple(answer.shape) for name, answer in answers.items()} == {"kind": (4, 3), "size": (4, 1)}
    for name in rows:
        changed = {**rows, name: rows[name][::-1].copy()}
        if (changed[name] != rows[name]).any():
            assert np.abs(model(changed, training=False)["size"] - answers["size"]).max() > 0, name
    assert np.abs(model(rows, training=True)["size"] - answers["size"]).max() > 0


def test_a_model_of_one_s_own_gets_normalised_floats(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import keras\n"
        "model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3, activation='softmax')])\n"
    )
    model = models.build(c.Model(kind="custom", builder=f"{tmp_path}/mine.py:model"), (PIXELS,), HEADS[:1])
    assert tuple(model(batch(PIXELS))["kind"].shape) == (4, 3)
    assert model.get_layer("image_encoded_normalised").output.dtype == "float32"


def test_image_and_network_need_each_other():
    with pytest.raises(InputError, match='model.kind="dnn" takes no images; use a network'):
        models.build(c.Model(), (PIXELS,), HEADS)
    with pytest.raises(InputError, match='model.kind="resnet" needs an image'):
        models.build(c.ResNet(depth=20), (ModelInput("price"),), HEADS)


def test_the_heads_share_the_network_s_regularisation():
    model = models.build(c.CNN(filters=(2,), l2=0.1), (PIXELS,), HEADS)
    assert len(model.losses) == 3
    assert isinstance(model, keras.Model)
