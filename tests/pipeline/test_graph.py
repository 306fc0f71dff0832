"""Which nodes there are."""

from __future__ import annotations

import pytest

from pipeline.config import CNN, Config, Data, Evaluator, Head, Image, Resources
from pipeline.config.load import load, override
from pipeline.graph import create_pipeline

IMAGES = (Image(height=8, width=8),)


@pytest.mark.parametrize(
    ("features", "head", "evaluator", "there"),
    [
        ((), Head(label="x"), Evaluator(), False),
        (IMAGES, Head(label="x", task="regression"), Evaluator(), False),
        (IMAGES, Head(label="x"), Evaluator(misjudged=()), False),
        (IMAGES, Head(label="x"), Evaluator(misjudged=("eval",)), True),
    ],
    ids=["tables", "regression", "off", "images"],
)
def test_misjudged_images_need_images_and_classes(
    features: tuple[Image, ...], head: Head, evaluator: Evaluator, there: bool
) -> None:
    config = Config(
        name="none",
        data=Data(path="x", format="tfrecord"),
        heads=(head,),
        features=features,
        model=CNN(),
        preprocessing_fn="x:y",
        evaluator=evaluator,
    )
    nodes = {node.id: node for node in create_pipeline(config).components}
    assert ("Misjudged" in nodes) == there
    assert ("misjudged" in nodes["EvaluationReport"].inputs) == there


def test_a_config_without_a_search_has_no_node_for_it() -> None:
    ids = [node.id for node in create_pipeline(load("taxi")).components]
    assert "Trainer" in ids
    assert "Tuner" not in ids


def test_the_tuner_needs_what_the_trainer_needs() -> None:
    assert load("taxi").needs("Tuner") == load("taxi").needs("Trainer") == Resources(gpus=1)


@pytest.mark.parametrize("name", ["taxi", "digits"])
@pytest.mark.parametrize("on_drift", ["warn", "fail"])
def test_nothing_is_pushed_before_all_else_is_done(name: str, on_drift: str) -> None:
    config = override(load(name), [f"drift.on_drift={on_drift}"])
    nodes = list(create_pipeline(config).components)
    [pusher] = [node for node in nodes if node.id == "Pusher"]
    before, waiting = set[str](), [pusher]
    while waiting:
        above = [node for node in waiting.pop().upstream_nodes if node.id not in before]
        before.update(node.id for node in above)
        waiting += above
    assert before == {node.id for node in nodes} - {"Pusher"}
