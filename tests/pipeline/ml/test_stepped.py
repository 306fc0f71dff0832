from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import pipeline.config as c
from components.errors import ConfigError, GateError
from pipeline.ml import train_steps
from tests.pipeline.ml.loops import PICTURES, pictures, settings_of, train, trainer

CODE = "tests.pipeline.ml.user_code."
SHARPNESS_AWARE = "pipeline.ml.train_steps.sharpness_aware"


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_a_step_like_keras_own_trains_alike(tmp_path, precision):
    rows = []
    for step in (None, CODE + "plain_step"):
        _, history = train(str(tmp_path), settings_of(trainer(train_step=step, optimizer="sgd", precision=precision)))
        rows.append(history)
    for keras_own, own in zip(*rows, strict=True):
        assert own == pytest.approx(keras_own, abs=1e-6)


def test_the_loss_is_the_epoch_s_and_other_numbers_the_last_step_s(tmp_path):
    _, rows = train(str(tmp_path), settings_of(trainer(epochs=1, train_step=CODE + "step_of_loss")))
    assert rows[0]["loss"] == pytest.approx(pictures(4).features["image"].mean(), rel=1e-5)
    assert rows[0]["rows"] == PICTURES % 4
    assert {"val_loss", "val_accuracy"} <= set(rows[0])


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("step_of_nothing", "step_of_nothing must return a dict of numbers, among them 'loss'. Received: None"),
        ("step_without_loss", "step_without_loss must return a dict .*Received: a dict of .'error'."),
        ("step_of_many", r"step_of_many must return single numbers. Received: 'loss' of shape \(4,\)"),
        ("CODE", "user_code defines no 'CODE'"),
        ("__name__", "user_code.__name__ must be a function"),
    ],
)
def test_what_is_no_step_says_so(tmp_path, step, message):
    with pytest.raises(ConfigError, match=message):
        train(str(tmp_path), settings_of(trainer(train_step=CODE + step)))


def test_a_bare_name_is_no_step():
    with pytest.raises(ConfigError, match="train_step must be package.module.name or path/to/file.py:name"):
        c.Trainer(train_step="step")


def test_a_loss_that_is_not_a_number_ends_the_training(tmp_path):
    with pytest.raises(GateError, match="the loss is nan at epoch 1, step 1"):
        train(str(tmp_path), settings_of(trainer(train_step=CODE + "step_of_nan")))


def test_sharpness_aware_minimisation_goes_by_the_gradient_at_the_worst_point(tmp_path):
    """One step of a linear model, by hand: softmax regression on normalised pixels, of one batch with all pictures."""
    model = c.CNN(filters=(1,), kernel_size=1, batch_norm=False)
    fields = {"epochs": 1, "batch_size": PICTURES, "optimizer": "sgd", "learning_rate": 1e-9}
    start, _ = train(str(tmp_path / "start"), settings_of(trainer(**fields), model))
    names = [each.path for each in start.trainable_variables]
    point = {name: np.array(each) for name, each in zip(names, start.trainable_variables, strict=True)}
    worst = step_from(point, gradient_at(start, point), train_steps.RADIUS)
    wanted = gradient_at(start, worst)
    made, _ = train(
        str(tmp_path / "made"),
        settings_of(trainer(**{**fields, "learning_rate": 0.5}, train_step=SHARPNESS_AWARE), model),
    )
    for each in made.trainable_variables:
        np.testing.assert_allclose(each, point[each.path] - 0.5 * wanted[each.path], atol=1e-5, err_msg=each.path)


def gradient_at(model, point: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    for each in model.trainable_variables:
        each.assign(point[each.path])
    features, labels = next(iter(pictures(PICTURES).epoch(0)))
    with tf.GradientTape() as tape:
        loss = model.compute_loss(features, labels, model(features, training=True), None)
    gradients = tape.gradient(loss, model.trainable_variables)
    return {each.path: g.numpy() for each, g in zip(model.trainable_variables, gradients, strict=True)}


def step_from(point: dict[str, np.ndarray], direction: dict[str, np.ndarray], length: float) -> dict[str, np.ndarray]:
    norm = np.sqrt(sum((each**2).sum() for each in direction.values()))
    return {name: point[name] + length * direction[name] / norm for name in point}
