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
    merge = batches.assemble([ModelInput("x")], [head, price], c.Trainer(example_weight="w"), training=True)
    batch = {
        "x": tf.constant([1.0, 2.0]),
        "label_y": tf.constant([1, 0], tf.int64),
        "label_z": tf.constant([5.0, 6.0]),
        "example_weight": tf.constant([0.5, 2.0]),
    }
    features, labels, weights = merge(batch, tf.constant([0, 0], tf.int64))
    assert list(features) == ["x"]
    assert labels["y"].shape == (2, 1)
    assert weights["y"].numpy().tolist() == [1.5, 2.0]
    assert weights["z"].numpy().tolist() == [0.5, 2.0]


def test_a_weight_for_no_class_is_refused():
    with pytest.raises(ConfigError, match="heads.y.class_weights: no class maybe; classes: no, yes"):
        Head(c.Head(label="y", class_weights={"maybe": 3.0}), ("no", "yes")).class_weights()


def test_smoothing_spreads_a_share_of_the_label_over_all_classes():
    predictions = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]], np.float32)
    kind = Head(c.Head(label="y", task="multiclass", label_smoothing=0.3), ("a", "b", "c"))
    labels = kind.labels(tf.constant([0, 2], tf.int64))
    assert labels.numpy().tolist() == [[1, 0, 0], [0, 0, 1]]
    wanted = np.mean(-0.7 * np.log([0.7, 0.4]) - 0.1 * np.log(predictions).sum(axis=1))
    assert float(kind.loss()(labels, predictions)) == pytest.approx(wanted, rel=1e-5)

    tall = Head(c.Head(label="y", label_smoothing=0.2), ("0", "1"))
    labels = tall.labels(tf.constant([1, 0], tf.int64))
    wanted = -np.mean([0.9 * np.log(0.8) + 0.1 * np.log(0.2), 0.9 * np.log(0.6) + 0.1 * np.log(0.4)])
    assert float(tall.loss()(labels, np.array([[0.8], [0.4]], np.float32))) == pytest.approx(wanted, rel=1e-5)


def test_without_smoothing_a_soft_head_has_the_usual_loss():
    predictions = tf.nn.softmax(tf.random.stateless_normal([4, 3], (1, 2)))
    ids = tf.constant([0, 2, 1, 1], tf.int64)
    losses = []
    for mixed in (False, True):
        head = Head(c.Head(label="y", task="multiclass"), ("a", "b", "c"), mixed)
        losses.append(np.mean(head.loss()(head.labels(ids), predictions)))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_metrics_of_a_soft_head_see_the_class_with_the_greatest_share():
    names = ("sparse_top_k_categorical_accuracy", "pipeline.ml.metrics.RMSE")
    kind = Head(c.Head(label="y", task="multiclass"), ("a", "b", "c"), mixed=True)
    [accuracy] = kind.metrics()
    accuracy.update_state(tf.constant([[0.6, 0.4, 0], [0.3, 0.3, 0.4]]), tf.constant([[0.5, 0.3, 0.2]] * 2))
    assert float(accuracy.result()) == 0.5
    tall = Head(c.Head(label="y"), ("0", "1"), mixed=True)
    for metric in tall.metrics():
        metric.update_state(tf.constant([[0.9], [0.2], [0.4]]), tf.constant([[0.7], [0.1], [0.6]]))
        assert float(metric.result()) == pytest.approx({"auc": 1, "accuracy": 2 / 3}[metric.name], abs=1e-3)
        metric.reset_state()
        assert float(metric.result()) == 0
    chosen = Head(c.Head(label="y", task="multiclass", metrics=names, label_smoothing=0.1), ("a", "b", "c"))
    assert [metric.name for metric in chosen.metrics()] == ["sparse_top_k_categorical_accuracy", "rmse"]


def test_smoothing_goes_with_the_usual_loss_of_a_classifier():
    for fields in ({"task": "regression"}, {"loss": "hinge"}):
        with pytest.raises(ConfigError, match="label_smoothing belongs to a classifier's usual loss"):
            c.Head(label="y", label_smoothing=0.1, **fields)


def test_top_k_accuracy_goes_by_its_name():
    head = Head(c.Head(label="kind", task="multiclass", metrics=("top_2_accuracy",)), ("a", "b", "c"))
    (metric,) = head.metrics()
    metric.update_state(np.array([0, 1, 2]), np.array([[0.2, 0.5, 0.3]] * 3, np.float32))
    assert (metric.name, float(metric.result())) == ("top_2_accuracy", pytest.approx(2 / 3))


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
