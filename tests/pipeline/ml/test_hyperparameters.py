from __future__ import annotations

import pytest

import pipeline.config as c
from components.errors import ConfigError
from pipeline.config.settings import TrainerSettings
from pipeline.ml.hyperparameters import applied, encoded, plain

SETTINGS = TrainerSettings(features=(c.ZScore(column="x"),), heads=(c.Head(label="y"),), model=c.ResNet(depth=20))


@pytest.mark.parametrize(
    ("values", "held"),
    [
        ((1, 2), [1, 2]),
        ((1, 0.5), [1.0, 0.5]),
        ((True, False), ["true", "false"]),
        (("adam", "sgd"), ['"adam"', '"sgd"']),
        ((None, 3), ["null", "3"]),
        (((64, 32), (8,)), ["[64, 32]", "[8]"]),
    ],
    ids=["whole", "numbers", "flags", "text", "mixed", "lists"],
)
def test_values_come_back_from_keras_tuner_as_they_were(values, held):
    assert encoded(values) == held
    back = [plain({"a": each})["a"] for each in held]
    assert back == [list(value) if isinstance(value, tuple) else value for value in values]


def test_values_become_settings():
    made = applied(
        SETTINGS,
        {
            "model.depth": 32,
            "trainer.schedule": '{"kind": "cosine"}',
            "trainer.early_stopping.patience": 1,
            "tuner/x": 4,
        },
    )
    assert made.model == c.ResNet(depth=32)
    assert made.trainer == c.Trainer(schedule=c.Schedule(kind="cosine"), early_stopping=c.EarlyStopping(patience=1))


def test_values_that_do_not_go_together_are_refused():
    with pytest.raises(ConfigError, match="zero_gamma is for version=1"):
        applied(SETTINGS, {"model.version": 2, "model.zero_gamma": "true"})
