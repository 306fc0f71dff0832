from __future__ import annotations

import keras
import numpy as np
import pytest

import pipeline.config as c
from pipeline.ml.averages import Averages
from pipeline.ml.optimizers import optimizer
from tests.pipeline.ml.loops import data_of, settings_of, train, trainer
from tests.pipeline.ml.user_code import Watch

WATCH = "tests.pipeline.ml.user_code.Watch"


def averaged(steps: list[np.ndarray], momentum: float) -> np.ndarray:
    average = steps[0]
    for weights in steps[1:]:
        average = momentum * average + (1 - momentum) * weights
    return average


def kernel(model) -> np.ndarray:
    return kernel_of(model.get_layer("logits_kind"))


def kernel_of(layer) -> np.ndarray:
    return np.array(layer.kernel)


def test_training_goes_on_raw_and_ends_averaged(tmp_path):
    raw, raw_rows = train(str(tmp_path / "raw"), settings_of(trainer(callbacks=(WATCH,))))
    steps = Watch.seen
    settings = settings_of(trainer(callbacks=(WATCH,), ema_momentum=0.8))
    model, rows = train(str(tmp_path / "ema"), settings)
    np.testing.assert_allclose(Watch.seen, steps, atol=1e-6)
    np.testing.assert_allclose(kernel(raw), steps[-1])
    np.testing.assert_allclose(kernel(model), averaged(steps, 0.8), atol=1e-6)
    assert [row["loss"] for row in rows] == pytest.approx([row["loss"] for row in raw_rows], abs=1e-6)
    # What was validated is what the training ends with.
    loss = model.evaluate(data_of(settings).evaluation.epoch(0), verbose=0, return_dict=True)["loss"]
    assert rows[-1]["val_loss"] == pytest.approx(loss, abs=1e-6)
    assert rows[-1]["val_loss"] != pytest.approx(raw_rows[-1]["val_loss"], abs=1e-4)


def test_the_best_epoch_comes_back_with_its_averages(tmp_path):
    # Nothing is an improvement of that much, so that the first epoch stays the best.
    stop = c.EarlyStopping(monitor="val_loss", patience=1, min_delta=100.0)
    settings = settings_of(trainer(epochs=5, ema_momentum=0.8, early_stopping=stop, callbacks=(WATCH,)))
    model, rows = train(str(tmp_path), settings)
    assert len(rows) == 2
    np.testing.assert_allclose(kernel(model), averaged(Watch.seen[: len(Watch.seen) // 2], 0.8), atol=1e-6)


def test_without_a_step_there_is_nothing_to_average():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    sgd = optimizer(c.Trainer(optimizer="sgd", ema_momentum=0.5), 1, model.trainable_variables)
    sgd.build(model.trainable_variables)
    model.compile(sgd, "mse")
    before, averages = kernel_of(model.layers[0]), Averages()
    averages.set_model(model)
    for act in (averages.on_test_begin, lambda: averages.on_epoch_end(0), averages.settle):
        act()
        np.testing.assert_array_equal(kernel_of(model.layers[0]), before)


def test_what_is_frozen_does_not_mix_the_averages_up():
    frozen, learning = keras.layers.Dense(2, trainable=True), keras.layers.Dense(2)
    model = keras.Sequential([keras.Input((2,)), frozen, learning])
    sgd = optimizer(c.Trainer(optimizer="sgd", learning_rate=0.1, ema_momentum=0.5), 1, model.trainable_variables)
    sgd.build(model.trainable_variables)
    frozen.trainable = False
    model.compile(sgd, "mse")
    before = np.array(frozen.kernel)
    rows = np.ones((6, 2), np.float32)
    seen: list[np.ndarray] = []
    watch = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(kernel_of(learning)))
    averages = Averages()
    model.fit(rows, rows, batch_size=2, validation_data=(rows, rows), callbacks=[watch, averages], verbose=0)
    averages.settle()
    np.testing.assert_array_equal(frozen.kernel, before)
    assert len(seen) == 3
    np.testing.assert_allclose(kernel_of(learning), averaged(seen, 0.5), atol=1e-6)
