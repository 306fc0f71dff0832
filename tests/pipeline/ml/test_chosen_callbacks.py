from __future__ import annotations

import keras
import numpy as np
import pytest

import pipeline.config as c
from pipeline.ml import chosen_callbacks

ACCURACIES = (0.5, 0.7, 0.74, 0.72, 0.8, 0.79)


@pytest.mark.parametrize(
    ("stop", "epoch"),
    [
        (None, 5),
        (c.EarlyStopping(monitor="val_accuracy", restore_best=False, patience=9), 5),
        (c.EarlyStopping(monitor="val_accuracy", patience=9), 4),
        (c.EarlyStopping(monitor="val_accuracy", patience=9, min_delta=0.15), 1),
        (c.EarlyStopping(monitor="val_loss", patience=9), 0),
    ],
    ids=["none", "last", "best", "min_delta", "loss"],
)
def test_the_numbers_kept_are_those_of_the_weights_that_keras_leaves(stop, epoch):
    rows = [{"val_accuracy": value, "val_loss": value} for value in ACCURACIES]
    trainer = c.Trainer(early_stopping=stop)
    assert chosen_callbacks.kept(trainer, rows) == rows[epoch]
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    callbacks = keras.callbacks.CallbackList(chosen_callbacks.deciding(trainer), model=model)
    callbacks.on_train_begin()
    for number, row in enumerate(rows):
        model.set_weights([np.full((1, 1), number, np.float32)])
        callbacks.on_epoch_end(number, row)
    callbacks.on_train_end()
    assert float(model.get_weights()[0][0][0]) == epoch
