"""What Transform and the Trainer get of a Config, as JSON: only what they depend on, so that caching stays exact.

`pipeline.nodes.settings` makes them, and Config for its checks. They import no more of the config than they hold:
`pipeline.ml` imports them, and what it imports is part of those nodes' digests.
"""

from __future__ import annotations

import os
from typing import Optional

import pydantic

from components.signatures import label_key
from pipeline.config.features import Feature, OneHot, Vocabulary, feature_key
from pipeline.config.images import Image
from pipeline.config.model import Head, Label, Model
from pipeline.config.networks import AnyModel
from pipeline.config.record import Record
from pipeline.config.trainer import Trainer

WEIGHT_KEY = "example_weight"
"""The transformed feature that holds an example's weight."""


class TransformSettings(Record):
    """What the transformed examples depend on, beside the data and its schema."""

    features: tuple[Feature, ...] = ()
    """All but images: of those, only which columns they are in. What becomes of ids is the model's: all are one-hot."""
    images: dict[str, str] = {}
    """The columns of encoded images, by the name of the transformed feature."""
    labels: tuple[Label, ...]
    example_weight: Optional[str] = None
    preprocessing_fn: Optional[str] = None

    @pydantic.model_validator(mode="after")
    def _free_names(self) -> TransformSettings:
        taken = {WEIGHT_KEY, *(label_key(label.name) for label in self.labels)}
        for name in (*map(feature_key, self.features), *self.images):
            if name in taken:
                raise ValueError(f"a feature may not be called {name!r}: that is the name of a label")
        files = {feature.file for feature in self.features if isinstance(feature, Vocabulary) and feature.file}
        if len({os.path.basename(file) for file in files}) < len(files):
            raise ValueError(
                f"vocabulary files become assets by their name, which must differ: {', '.join(sorted(files))}"
            )
        return self


class TrainerSettings(Record):
    """What a trained model depends on, beside the transformed examples."""

    features: tuple[Feature, ...] = ()
    heads: tuple[Head, ...]
    model: AnyModel = Model()
    trainer: Trainer = Trainer()
    preprocessing_fn: Optional[str] = None
    extract: Optional[str] = None

    @property
    def transform(self) -> TransformSettings:
        """The part of Transform's settings that says which columns the features come from."""
        return TransformSettings(
            features=tuple(_ids_only(feature) for feature in self.features if not isinstance(feature, Image)),
            images={feature_key(feature): feature.column for feature in self.features if isinstance(feature, Image)},
            labels=tuple(head.label_spec for head in self.heads),
            example_weight=self.trainer.example_weight,
            preprocessing_fn=self.preprocessing_fn,
        )


def _ids_only(feature: Feature) -> Feature:
    return feature.model_copy(update={"encoding": OneHot()}) if "encoding" in type(feature).model_fields else feature
