from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

import pipeline.config as c
from components.errors import ConfigError
from pipeline.ml import batches
from pipeline.ml.callbacks import StopAtLoss
from pipeline.ml.heads import Head
from pipeline.ml.inputs import ModelInput
from pipeline.ml.losses import SSIMLoss
from pipeline.ml.metrics import RMSE


def test_losses_and_metrics_by_name_and_by_reference():
    head = Head(
        c.Head(
            label="y",
            task="regression",
            loss="huber",
            metrics=("pipeline.ml.metrics.RMSE", "mean_absolute_error"),
        ),
        (),
    )
    assert head.loss() is keras.losses.huber
    assert isinstance(head.metrics()[0], RMSE)
    assert isinstance(Head(c.Head(label="y", loss="pipeline.ml.losses.SSIMLoss"), ("0", "1")).loss(), SSIMLoss)


def test_an_unknown_loss_has_close_names():
    with pytest.raises(
        ConfigError, match=r"heads.y.loss: Keras knows no 'binary_crosentropy'. Did you mean .*binary_crossentropy"
    ):
        Head(c.Head(label="y", loss="binary_crosentropy"), ("0", "1")).loss()


def test_class_and_example_weights_multiply():
    head = Head(c.Head(label="y", class_weights={"yes": 3.0}), ("no", "yes"))
    price = Head(c.Head(label="z", task="regression"), ())
    merge = batches.assemble([ModelInput("x")], [head, price], c.Trainer(example_weight="w"))
    batch = {
        "x": tf.constant([1.0, 2.0]),
        "label_y": tf.constant([1, 0], tf.int64),
        "label_z": tf.constant([5.0, 6.0]),
        "example_weight": tf.constant([0.5, 2.0]),
    }
    features, labels, weights = merge(batch)
    assert list(features) == ["x"]
    assert labels["y"].shape == (2, 1)
    assert weights["y"].numpy().tolist() == [1.5, 2.0]
    assert weights["z"].numpy().tolist() == [0.5, 2.0]


def test_a_weight_for_no_class_is_refused():
    with pytest.raises(ConfigError, match="heads.y.class_weights: no class maybe; classes: no, yes"):
        Head(c.Head(label="y", class_weights={"maybe": 3.0}), ("no", "yes")).class_weights()


def test_rmse_is_the_root_over_all_batches():
    metric = RMSE()
    metric.update_state(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]]))
    metric.update_state(np.array([[0.0]]), np.array([[3.0]]), sample_weight=np.array([2.0]))
    np.testing.assert_allclose(metric.result(), np.sqrt((0 + 4 + 2 * 9) / 4), rtol=1e-6)
    metric.reset_state()
    assert float(metric.result()) == 0


def test_ssim_loss_is_zero_for_equal_images_and_grows_with_noise():
    images = np.random.default_rng(0).random((2, 16, 16, 1), np.float32)
    noisy = np.clip(images + np.random.default_rng(1).normal(0, 0.2, images.shape), 0, 1).astype(np.float32)
    loss = SSIMLoss()
    assert float(loss(images, images)) == pytest.approx(0, abs=1e-6)
    assert 0.05 < float(loss(images, noisy)) <= 2


def test_the_example_callback_stops_training():
    model = keras.Sequential([keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)])
    model.compile("sgd", "mse")
    x = np.ones((4, 1))
    history = model.fit(x, x, epochs=5, callbacks=[StopAtLoss()], verbose=0)
    assert len(history.history["loss"]) == 1
