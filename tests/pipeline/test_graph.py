"""Which nodes there are."""

from __future__ import annotations

import pytest

from pipeline.config import CNN, Config, Data, Head, Image
from pipeline.graph import create_pipeline


@pytest.mark.parametrize(
    ("features", "head", "there"),
    [
        ((), Head(label="x"), False),
        ((Image(height=8, width=8),), Head(label="x", task="regression"), False),
        ((Image(height=8, width=8),), Head(label="x"), True),
    ],
    ids=["tables", "regression", "images"],
)
def test_misjudged_images_need_images_and_classes(features: tuple[Image, ...], head: Head, there: bool) -> None:
    config = Config(
        name="none",
        data=Data(path="x", format="tfrecord"),
        heads=(head,),
        features=features,
        model=CNN(),
        preprocessing_fn="x:y",
    )
    assert ("Misjudged" in {node.id for node in create_pipeline(config).components}) == there
