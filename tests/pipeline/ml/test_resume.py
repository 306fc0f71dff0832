"""Trainings that are killed in the middle of an epoch and go on."""

from __future__ import annotations

import os

import keras
import numpy as np
import pytest

import pipeline.config as c
from tests.pipeline.ml import user_code
from tests.pipeline.ml.loops import IMAGE, settings_of, train, trainer

VARIED = IMAGE.model_copy(update={"augment": (c.Flip(), c.Shift())})


def test_pictures_go_on_bit_for_bit(tmp_path, monkeypatch):
    """Batch normalisation, random numbers of augmentation and dropout, averages, loss scale: all of it comes back."""
    stop = c.EarlyStopping(monitor="val_loss", patience=3)
    settings = settings_of(
        trainer(
            epochs=3, checkpoint_steps=2, ema_momentum=0.9, precision="mixed_float16", early_stopping=stop,
            optimizer="sgd", momentum=0.9, global_clipnorm=1.0, weight_decay=0.01,
            schedule=c.Schedule(kind="cosine", warmup_steps=3),
            callbacks=("tests.pipeline.ml.user_code.KillAt",),
        ),
        c.CNN(filters=(4,), dropout=0.3),
        VARIED,
    )  # fmt: skip
    # Of the second epoch's steps, the third is not in a checkpoint yet.
    monkeypatch.setattr(user_code.KillAt.__init__, "__defaults__", (8,))
    monkeypatch.setattr(user_code.KillAt, "spared", True)
    whole, rows = train(str(tmp_path / "whole"), settings)
    monkeypatch.setattr(user_code.KillAt, "spared", False)
    with pytest.raises(user_code.Killed):
        train(str(tmp_path / "killed"), settings)
    assert os.listdir(tmp_path / "killed") == ["key.npz"]
    monkeypatch.setattr(user_code.KillAt, "spared", True)
    again, rows_again = train(str(tmp_path / "killed"), settings)
    assert rows_again == rows
    ours, theirs = state(whole), state(again)
    assert any("seed" in name for name in ours)
    assert any("average" in name for name in ours)
    assert any("moving_mean" in name for name in ours)
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


def state(model: keras.Model) -> dict[str, np.ndarray]:
    return {each.path: np.array(each) for each in (*model.variables, *model.optimizer.variables)}
