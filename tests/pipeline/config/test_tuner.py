"""The Tuner's space: what may be searched, and what is refused before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

import pipeline.config as c
from components.errors import ConfigError
from pipeline.config.load import override
from pipeline.config.tuner import Choice, Range

RATE = {"trainer.learning_rate": c.Range(1e-4, 1e-2, log=True)}


def config(space: dict[str, Any], objective: str = "val_accuracy", trainer: c.Trainer | None = None, **tuner: Any):
    return c.Config(
        name="shop",
        data=c.Data(path="*.csv"),
        heads=(c.Head(label="kind", task="multiclass"),),
        features=(
            c.ZScore(column="price"),
            c.Vocabulary(column="colour", encoding=c.Embedding(size=2)),
            c.Image(column="image", height=8, width=8),
        ),
        model=c.ResNet(depth=20),
        trainer=trainer or c.Trainer(),
        tuner=c.Tuner(space=space, objective=objective, **tuner),
    )


def test_any_field_that_only_training_depends_on_can_be_searched():
    space = {
        "model.depth": c.Choice(20, 32),
        "model.kernel_size": c.Range(1, 5, step=2),
        "model.l2": c.Range(1e-5, 1e-3, log=True),
        "trainer.learning_rate": c.Range(1e-4, 1e-2, log=True),
        "trainer.early_stopping": c.Choice(None, c.EarlyStopping(patience=1)),
        "trainer.schedule.kind": c.Choice("constant", "cosine"),
        "features.1.encoding.size": c.Range(2, 16),
        "features.2.augment": c.Choice((), (c.Flip(),)),
        "features.2.height": c.Choice(8, 16),
        "heads.0.weight": c.Range(0.5, 2.0),
    }
    made = config(space)
    assert [variant.model.depth for variant in made.variants()["model.depth"]] == [20, 32]
    assert [variant.trainer.learning_rate for variant in made.variants()["trainer.learning_rate"]] == [1e-4, 1e-2]
    again = override(made, ["tuner.trials=3"])
    assert again.tuner.trials == 3
    assert again.tuner.space["model.kernel_size"] == Range(1, 5, step=2)
    assert override(made, ["tuner=null"]).tuner is None


def test_a_whole_model_is_a_value_too():
    made = config({"model": c.Choice(c.ResNet(depth=20), c.CNN(filters=(4,)))})
    assert [variant.model.kind for variant in made.variants()["model"]] == ["resnet", "cnn"]


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (
            {"model.dept": c.Choice(20, 32)},
            "model.dept=20: ResNet.dept: unknown field. Did you mean depth",
        ),
        ({"model.depth": c.Choice(20, 33)}, "tuner.space: model.depth=33: .*Input should be 18, 34"),
        ({"trainer.learning_rate": c.Range(0.0, 1.0)}, "learning_rate=0.0: .*greater than 0"),
        ({"model.kernel_size": c.Range(1.5, 3)}, "kernel_size=1.5: .*valid integer"),
        ({"features.9.fill": c.Choice(1, 2)}, "features.9.fill=1: '9' is no index here: write a number below 3"),
        (
            {"data.path": c.Choice("a", "b")},
            "data.path is none of the fields that training depends on: features",
        ),
        ({"features.1.oov_buckets": c.Choice(1, 2)}, "Transform depends on features.1.oov_buckets"),
        ({"features.0.column": c.Choice("price", "cost")}, "Transform depends on features.0.column"),
        ({"trainer.example_weight": c.Choice(None, "w")}, "Transform depends on trainer.example_weight"),
        ({"heads.0.label": c.Choice("kind", "sort")}, "Transform depends on heads.0.label"),
        ({"model": c.Choice(c.CNN(), c.ResNet(depth=20)), "model.l2": c.Range(0, 1)}, "model.l2 lies within model"),
        ({"model.depth": 20}, "Tuner.space.model.depth"),
        ({}, "Tuner.space: .*at least 1 item"),
    ],
    ids=lambda value: "" if isinstance(value, str) else ",".join(value) or "nothing",
)
def test_what_cannot_be_searched_is_refused(space, message):
    with pytest.raises(ConfigError, match=message):
        config(space)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"trials": 0}, "Tuner.trials: .*greater than 0. Received: 0"),
        ({"algorithm": "annealing"}, "Tuner.algorithm: .*'random', 'bayesian', 'hyperband' or 'grid'"),
        ({"algorithm": "grid"}, "a grid needs to know its points: give the Range of trainer.learning_rate a step"),
        ({"space": {"model.l2": c.Range(0, 1)}, "objective": "val_loss"}, 'model.l2 changes .* such as "val_accuracy"'),
        (
            {"space": {"trainer.epochs": c.Range(1, 9)}, "algorithm": "hyperband"},
            "epochs, which hyperband sets",
        ),
        ({"space": {"trainer.epochs": c.Range(1, 9)}, "epochs": 3}, "trainer.epochs, which tuner.epochs sets"),
        ({"trainer": c.Trainer(run_fn="a.b")}, "tuner searches for our own training, which trainer.run_fn replaces"),
    ],
    ids=["trials", "algorithm", "grid", "loss", "hyperband", "epochs", "run_fn"],
)
def test_what_a_search_cannot_do_is_refused(fields, message):
    with pytest.raises(ConfigError, match=message):
        config(**{"space": RATE, **fields})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Choice(1), "at least 2"),
        (lambda: Choice(1, 2, 1), "1 stands there more than once"),
        (lambda: Range(2, 1), "low must be below high. Received: 2 and 1"),
        (lambda: Range(1), "Range.high: required"),
        (lambda: Range(0, 1, log=True), "needs low above 0"),
        (lambda: Range(1, 9, log=True, step=1), "must be above 1"),
        (lambda: Range(1, 9, step=1.5), "must be whole, too. Received: 1.5"),
        (lambda: Range(1, float("inf")), "Range.high"),
    ],
    ids=["one", "twins", "order", "end", "log", "step", "whole", "infinite"],
)
def test_choices_and_ranges_that_are_none(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
