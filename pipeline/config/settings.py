"""What Transform and the Trainer get of a Config, as JSON: only what they depend on, so that caching stays exact."""

from __future__ import annotations

import hashlib
import os
from typing import Optional

import pydantic

from components.errors import ConfigError
from pipeline import references
from pipeline.config.config import Config
from pipeline.config.features import Feature, Vocabulary, feature_key
from pipeline.config.model import Head, Label, Model
from pipeline.config.record import Record
from pipeline.config.trainer import Trainer

WEIGHT_KEY = "example_weight"
"""The transformed feature that holds an example's weight."""


def label_key(head: str) -> str:
    """The transformed feature that holds the label of `head`."""
    return f"label_{head}"


class TransformSettings(Record):
    """What the transformed examples depend on, beside the data and its schema."""

    features: tuple[Feature, ...] = ()
    labels: tuple[Label, ...]
    example_weight: Optional[str] = None
    preprocessing_fn: Optional[str] = None
    files: dict[str, str] = {}
    """SHA-256 of every vocabulary file, by path: a changed file is another setting."""

    @pydantic.model_validator(mode="after")
    def _free_names(self) -> TransformSettings:
        taken = {WEIGHT_KEY, *(label_key(label.name) for label in self.labels)}
        for feature in self.features:
            if feature_key(feature) in taken:
                raise ValueError(f"a feature may not be called {feature_key(feature)!r}: that is the name of a label")
        files = {feature.file for feature in self.features if isinstance(feature, Vocabulary) and feature.file}
        if len({os.path.basename(file) for file in files}) < len(files):
            raise ValueError(
                f"vocabulary files become assets by their name, which must differ: {', '.join(sorted(files))}"
            )
        return self

    @classmethod
    def of(cls, config: Config) -> TransformSettings:
        """The settings of `config`, with paths and references made absolute."""
        features = _features(config)
        files = {f.file: _digest(f.file) for f in features if isinstance(f, Vocabulary) and f.file}
        return cls(
            features=features,
            labels=tuple(head.label_spec for head in _heads(config)),
            example_weight=config.trainer.example_weight,
            preprocessing_fn=_absolute(config.preprocessing_fn, config),
            files=files,
        )


class TrainerSettings(Record):
    """What a trained model depends on, beside the transformed examples."""

    features: tuple[Feature, ...] = ()
    heads: tuple[Head, ...]
    model: Model = Model()
    trainer: Trainer = Trainer()
    preprocessing_fn: Optional[str] = None

    @classmethod
    def of(cls, config: Config) -> TrainerSettings:
        """The settings of `config`, with paths and references made absolute."""
        trainer = config.trainer
        return cls(
            features=_features(config),
            heads=_heads(config),
            model=config.model.model_copy(update={"builder": _absolute(config.model.builder, config)}),
            trainer=trainer.model_copy(
                update={
                    "optimizer": _absolute(trainer.optimizer, config),
                    "callbacks": tuple(references.absolute(c, config.project) for c in trainer.callbacks),
                    "run_fn": _absolute(trainer.run_fn, config),
                }
            ),
            preprocessing_fn=_absolute(config.preprocessing_fn, config),
        )

    @property
    def transform(self) -> TransformSettings:
        """The part of Transform's settings that says which columns the features come from."""
        return TransformSettings(
            features=self.features,
            labels=tuple(head.label_spec for head in self.heads),
            example_weight=self.trainer.example_weight,
            preprocessing_fn=self.preprocessing_fn,
        )


def _features(config: Config) -> tuple[Feature, ...]:
    return tuple(
        f.model_copy(update={"file": config.resolve(f.file)}) if isinstance(f, Vocabulary) and f.file else f
        for f in config.features
    )


def _heads(config: Config) -> tuple[Head, ...]:
    return tuple(
        head.model_copy(
            update={
                "label_function": _absolute(head.label_function, config),
                "loss": _absolute(head.loss, config),
                "metrics": tuple(references.absolute(m, config.project) for m in head.metrics),
            }
        )
        for head in config.heads
    )


def _absolute(reference: Optional[str], config: Config) -> Optional[str]:
    return None if reference is None else references.absolute(reference, config.project)


def _digest(path: str) -> str:
    if not os.path.isfile(path):
        raise ConfigError(f"features: vocabulary file {path} does not exist")
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
