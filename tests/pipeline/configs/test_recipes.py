"""The recipes for GPUs: published schedules, in numbers, and a start of each. tests/acceptance trains them on more."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline import preflight
from pipeline.config import load
from pipeline.graph import create_pipeline
from pipeline.ml import optimizers
from pipeline.runners import ir

RECIPES = ("cifar10_resnet20", "cifar10_resnet56", "imagenet_resnet50")


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_is_sound_and_compiles(recipe):
    config = load.load(recipe)
    preflight.check(config)
    nodes = ir.node_ids(ir.compiled(create_pipeline(config)))
    assert {"ExampleGen", "Transform", "Trainer", "Evaluator", "Pusher"} <= set(nodes)


@pytest.mark.parametrize("recipe", ["cifar10_resnet20", "cifar10_resnet56"])
def test_he_et_al_s_schedule(recipe):
    trainer = load.load(recipe).trainer
    steps = trainer.epochs * -(-50_000 // trainer.batch_size)
    assert 64_000 <= steps < 64_000 + 391
    rate = optimizers.rate(trainer.schedule, trainer.learning_rate, steps)
    got = [float(rate(step)) for step in (0, 31_999, 32_001, 47_999, 48_001, steps)]
    np.testing.assert_allclose(got, [0.1, 0.1, 0.01, 0.01, 0.001, 0.001], rtol=1e-5)


def test_goyal_et_al_s_schedule():
    trainer = load.load("imagenet_resnet50").trainer
    steps = 1_281_167 // trainer.batch_size
    rate = optimizers.rate(trainer.schedule, trainer.learning_rate, trainer.epochs * steps)
    got = [float(rate(epoch * steps)) for epoch in (2.5, 5.1, 29.9, 30.1, 59.9, 60.1, 79.9, 80.1, 90)]
    np.testing.assert_allclose(got, [0.05, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001, 0.0001, 0.0001], rtol=1e-3)
