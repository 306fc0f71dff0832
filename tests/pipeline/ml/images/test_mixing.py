"""MixUp and CutMix: what the pixels of an image are, its label and weight must say."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import pipeline.config as c
from components.errors import ConfigError
from pipeline.ml import batches
from pipeline.ml.heads import Head
from pipeline.ml.images.mixing import Mixer
from pipeline.ml.inputs import ModelInput

WAYS = {"mix_up": c.MixUp(alpha=1.0), "cut_mix": c.CutMix()}
COUNT = 6
GREYS = 40 * np.arange(COUNT)
"""Each image is of one grey and a class of its own."""
PIXELS = tf.constant(np.broadcast_to(GREYS[:, None, None, None], (COUNT, 12, 20, 3)), tf.uint8)
LABELS = {"kind": tf.eye(COUNT)}
SEED = tf.constant([3, 4], tf.int64)


@pytest.mark.parametrize("way", WAYS)
def test_labels_are_the_shares_of_the_pixels(way):
    pixels, labels, weights = Mixer([WAYS[way]]).mixed(PIXELS, LABELS, {}, SEED)
    shares = labels["kind"].numpy()
    assert pixels.dtype == tf.uint8
    assert weights == {}
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    assert ((shares > 0.01).sum(axis=1) == 2).any()
    np.testing.assert_allclose(pixels.numpy().mean(axis=(1, 2, 3)), shares @ GREYS, atol=0.5)


def test_cut_mix_pastes_a_rectangle_and_mix_up_blends():
    cut, *_ = Mixer([c.CutMix()]).mixed(PIXELS, LABELS, {}, SEED)
    assert set(np.unique(cut)) <= set(GREYS)
    blended, *_ = Mixer([c.MixUp(alpha=1.0)]).mixed(PIXELS, LABELS, {}, SEED)
    assert (np.ptp(blended.numpy(), axis=(1, 2, 3)) == 0).all()
    assert not set(np.unique(blended)) <= set(GREYS)


@pytest.mark.parametrize("way", WAYS)
def test_the_loss_of_a_mixed_example_is_its_parts_weighted_losses(way):
    each = np.array([1.0, 2.0, 0.0, 5.0, 0.5, 1.0], np.float32)
    mixer = Mixer([WAYS[way]])
    _, plain, _ = mixer.mixed(PIXELS, LABELS, {}, SEED)
    _, labels, weights = mixer.mixed(PIXELS, LABELS, {"kind": tf.constant(each)}, SEED)
    np.testing.assert_allclose(weights["kind"], plain["kind"].numpy() @ each, rtol=1e-5)
    wanted = plain["kind"].numpy() * each
    np.testing.assert_allclose(labels["kind"].numpy() * weights["kind"].numpy()[:, None], wanted, atol=1e-6)


def test_a_seed_gives_one_batch_and_each_batch_is_mixed_in_one_way():
    mixer = Mixer(list(WAYS.values()))

    def mixed(step: int) -> np.ndarray:
        return mixer.mixed(PIXELS, LABELS, {}, tf.constant([3, step], tf.int64))[0].numpy()

    assert (mixed(0) == mixed(0)).all()
    ways = {"cut_mix" if set(np.unique(mixed(step))) <= set(GREYS) else "mix_up" for step in range(8)}
    assert ways == set(WAYS)
    assert len({mixed(step).tobytes() for step in range(8)}) == 8


def test_training_is_mixed_and_evaluation_is_not():
    image = c.Image(height=12, width=20, mix=(c.MixUp(alpha=1.0),))
    head = Head(c.Head(label="grey", task="multiclass"), tuple(map(str, GREYS)), mixed=True)
    tall = Head(c.Head(label="tall", class_weights={"1": 3.0}), ("0", "1"), mixed=True)
    batch = {
        "image": PIXELS,
        "label_grey": tf.range(COUNT, dtype=tf.int64),
        "label_tall": tf.constant([0, 0, 1, 1, 0, 1], tf.int64),
    }
    inputs = [ModelInput("image", shape=(12, 20, 3), image=image)]
    features, labels, weights = batches.assemble(inputs, (head, tall), c.Trainer(), training=False)(batch, SEED)
    assert (features["image"] == PIXELS).numpy().all()
    assert labels["grey"].numpy().tolist() == np.eye(COUNT).tolist()
    assert labels["tall"].numpy().ravel().tolist() == [0, 0, 1, 1, 0, 1]
    assert weights["tall"].numpy().tolist() == [1, 1, 3, 3, 1, 3]

    features, labels, weights = batches.assemble(inputs, (head, tall), c.Trainer(), training=True)(batch, SEED)
    shares = labels["grey"].numpy()
    np.testing.assert_allclose(features["image"].numpy().mean(axis=(1, 2, 3)), shares @ GREYS, atol=0.5)
    # Both heads are mixed alike: a share of a tall class weighs three times.
    tall_share = shares @ [0, 0, 1, 1, 0, 1]
    np.testing.assert_allclose(weights["tall"], 1 + 2 * tall_share, rtol=1e-5)
    np.testing.assert_allclose(labels["tall"].numpy().ravel() * weights["tall"].numpy(), 3 * tall_share, atol=1e-5)


IMAGE = c.Image(height=8, width=8, mix=(c.MixUp(),))
KIND = c.Head(label="kind", task="multiclass")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": (IMAGE, c.Numeric(column="price"))}, "an image with mix must be the only feature"),
        ({"preprocessing_fn": "mine.py:f"}, "an image with mix must be the only feature"),
        ({"heads": (KIND, c.Head(label="price", task="regression"))}, "heads.price must be a classifier"),
        ({"heads": (KIND.model_copy(update={"loss": "hinge"}),)}, "heads.kind must be a .* usual loss.*loss='hinge'"),
    ],
    ids=["a feature beside", "own preprocessing", "regression", "own loss"],
)
def test_what_cannot_be_mixed_is_refused(changes, message):
    fields = {"name": "x", "data": c.Data(path="x"), "features": (IMAGE,), "heads": (KIND,), **changes}
    with pytest.raises(ConfigError, match=message):
        c.Config(**fields)
