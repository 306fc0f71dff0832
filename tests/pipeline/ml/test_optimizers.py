from __future__ import annotations

import keras
import numpy as np
import pytest

import pipeline.config as c
from components.errors import ConfigError
from pipeline.ml.optimizers import optimizer, rate


def rates(schedule: c.Schedule, steps: int, total: int = 10) -> list[float]:
    made = rate(schedule, 0.1, total)
    return [round(float(made(step)), 6) for step in range(steps)] if callable(made) else [made] * steps


def test_constant():
    assert rates(c.Schedule(), 2) == [0.1, 0.1]


def test_warm_up_rises_to_the_top_and_stays():
    assert rates(c.Schedule(warmup_steps=4), 6) == [0.025, 0.05, 0.075, 0.1, 0.1, 0.1]


def test_cosine_falls_to_zero_over_what_the_warm_up_leaves():
    made = rates(c.Schedule(kind="cosine", warmup_steps=2), 11)
    assert made[:3] == [0.05, 0.1, 0.1]
    assert made[6] == pytest.approx(0.05)
    assert made[10] == 0


def test_exponential():
    assert rates(c.Schedule(kind="exponential", decay_steps=2, decay_rate=0.25), 5)[::2] == [0.1, 0.025, 0.00625]


def test_step_counts_from_the_start_of_training():
    made = rates(c.Schedule(kind="step", warmup_steps=2, boundaries=(4, 6)), 9)
    assert made == [0.05, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"schedule": c.Schedule(kind="cosine"), "reduce_learning_rate": c.ReduceLearningRate()},
            "reduce_learning_rate",
        ),
        ({"schedule": c.Schedule(warmup_steps=3), "optimizer": "mine.py:sgd"}, "brings its own rate"),
    ],
)
def test_two_masters_of_the_rate_are_refused(fields, message):
    with pytest.raises(ConfigError, match=message):
        c.Trainer(**fields)


@pytest.mark.parametrize(
    "fields", [{"kind": "step"}, {"boundaries": (3,)}, {"kind": "step", "boundaries": (3,), "warmup_steps": 3}]
)
def test_a_schedule_that_makes_no_sense_is_refused(fields):
    with pytest.raises(ConfigError, match="boundaries"):
        c.Schedule(**fields)


def test_optimizers_by_name_and_by_reference():
    made = optimizer(c.Trainer(optimizer="sgd", learning_rate=0.3), 10)
    assert isinstance(made, keras.optimizers.SGD)
    assert float(made.learning_rate) == np.float32(0.3)
    own = optimizer(c.Trainer(optimizer="tests.pipeline.ml.user_code.quick_sgd"), 10)
    assert float(own.learning_rate) == 0.5


def test_fields_reach_the_optimizer():
    fields = {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "clipvalue": 2.0, "ema_momentum": 0.99}
    made = optimizer(c.Trainer(optimizer="sgd", **fields), 10)
    assert {name: getattr(made, name) for name in fields} == fields
    assert made.use_ema
    plain = optimizer(c.Trainer(optimizer="sgd"), 10)
    assert (plain.momentum, plain.nesterov, plain.weight_decay, plain.use_ema) == (0.0, False, None, False)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"clipnorm": 1.0, "clipvalue": 1.0}, "at most one of clipnorm, global_clipnorm and clipvalue"),
        ({"nesterov": True}, "nesterov needs a momentum"),
        ({"optimizer": "mine.py:sgd", "weight_decay": 0.1}, "brings its own settings: drop weight_decay"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(fields, message):
    with pytest.raises(ConfigError, match=message):
        c.Trainer(**fields)


def test_what_an_optimizer_does_not_know_is_refused():
    with pytest.raises(ConfigError, match="trainer.momentum: Keras' Adam takes no such thing"):
        optimizer(c.Trainer(optimizer="adam", momentum=0.9), 10)
    with pytest.raises(ConfigError, match=r"averaging_sgd has use_ema.*give trainer.ema_momentum"):
        optimizer(c.Trainer(optimizer="tests.pipeline.ml.user_code.averaging_sgd"), 10)


@pytest.mark.parametrize("fields", [{"optimizer": "sgd", "weight_decay": 0.5}, {"optimizer": "adamw"}], ids=str)
def test_only_kernels_decay(fields):
    layers = [
        keras.layers.Embedding(3, 2),
        keras.layers.Conv1D(4, 1),
        keras.layers.BatchNormalization(),
        keras.layers.Flatten(),
        keras.layers.Dense(1),
    ]
    model = keras.Sequential([keras.Input((5,), dtype="int64"), *layers])
    for weight in model.trainable_variables:
        weight.assign(np.ones(weight.shape))
    made = optimizer(c.Trainer(**fields), 10, model.trainable_variables)
    made.build(model.trainable_variables)
    made.apply_gradients([(np.zeros(each.shape, np.float32), each) for each in model.trainable_variables])
    shrunk = {each.path.split("/", 1)[1] for each in model.trainable_variables if np.max(np.array(each)) < 1}
    assert {name.rsplit("/")[-1] for name in shrunk} == {"kernel"}
    assert len(shrunk) == 2


def test_an_unknown_optimizer_has_close_names():
    with pytest.raises(ConfigError, match="trainer.optimizer: Keras knows no 'Adm'. Did you mean Adam"):
        optimizer(c.Trainer(optimizer="Adm"), 10)


def test_a_reference_to_something_else_is_refused():
    with pytest.raises(ConfigError, match="must return a keras.Optimizer"):
        optimizer(c.Trainer(optimizer="builtins.dict"), 10)
