"""Which nodes there are."""

from __future__ import annotations

import pytest

from pipeline.config import CNN, Config, Data, Evaluator, Head, Image
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
