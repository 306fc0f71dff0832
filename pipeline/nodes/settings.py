"""What nodes are told of a Config: only what they depend on, so that caching stays exact."""

from __future__ import annotations

import os
from typing import Any

from components.errors import ConfigError
from pipeline.config import Config
from pipeline.config.features import Feature, Vocabulary
from pipeline.config.networks import AnyModel, Backbone
from pipeline.config.settings import TrainerSettings, TransformSettings
from pipeline.config.tree import found
from pipeline.config.tuner import Domain, Tuner
from pipeline.config.tuner_settings import TunerSettings


def ingestion_settings(config: Config) -> dict[str, Any]:
    """How files become examples."""
    fields = {"splits", "bad_rows", "delimiter", "text_columns", "compression", "range_bytes"}
    return {**config.data.model_dump(include=fields), "images": config.image_columns}


def transform_settings(config: Config) -> TransformSettings:
    """What the transformed examples depend on, with paths resolved.

    Raises:
        ConfigError: a vocabulary file does not exist, or names clash.
    """
    return trainer_settings(config).transform


def trainer_settings(config: Config) -> TrainerSettings:
    """What the model depends on, with paths resolved.

    Raises:
        ConfigError: a vocabulary file does not exist.
    """
    return config.trainer_settings.model_copy(update={"features": _features(config), "model": _model(config)})


def tuner_settings(config: Config, tuner: Tuner) -> TunerSettings:
    """What the best values depend on, with paths resolved; `tuner` is that of the config.

    Raises:
        ConfigError: a vocabulary file does not exist.
    """
    training = trainer_settings(config)
    epochs = tuner.epochs or training.trainer.epochs
    trainer = training.trainer.model_copy(update={"epochs": epochs, "tensorboard": False})
    variants = config.variants()
    space = {path: _resolved_domain(path, domain, variants[path]) for path, domain in tuner.space.items()}
    training = training.model_copy(update={"trainer": trainer, "extract": None})
    return TunerSettings(training=training, tuner=tuner.model_copy(update={"space": space}))


def _resolved_domain(path: str, domain: Domain, variants: tuple[Config, ...]) -> Domain:
    """With values as the Trainer's settings hold them: whole numbers where the field is whole, paths resolved."""
    trees = [trainer_settings(variant).model_dump(mode="json") for variant in variants]
    return domain.with_tried(tuple(found(tree, path.split(".")) for tree in trees))


def _model(config: Config) -> AnyModel:
    if not isinstance(config.model, Backbone) or config.model.weights is None:
        return config.model
    return config.model.model_copy(update={"weights": config.resolve(config.model.weights)})


def _features(config: Config) -> tuple[Feature, ...]:
    return tuple(_resolved(feature, config) for feature in config.features)


def _resolved(feature: Feature, config: Config) -> Feature:
    if not isinstance(feature, Vocabulary) or feature.file is None:
        return feature
    path = config.resolve(feature.file)
    if not os.path.isfile(path):
        raise ConfigError(f"features: vocabulary file {path} of {feature.column!r} does not exist")
    return feature.model_copy(update={"file": path})
