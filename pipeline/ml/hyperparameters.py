"""How values of a config's fields travel through KerasTuner, and become settings: of a trial and of the Trainer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.config.settings import TrainerSettings
from pipeline.config.tree import replaced

_KERAS_TUNER = "tuner/"
"""How names begin that KerasTuner adds for itself, such as the epochs of a round of hyperband."""


def applied(settings: TrainerSettings, values: Mapping[str, Any]) -> TrainerSettings:
    """The settings with the values of a trial, as KerasTuner holds them.

    Raises:
        ConfigError: they do not go together.
    """
    tree: Any = settings.model_dump()
    for path, value in plain(values).items():
        tree = replaced(tree, path.split("."), value)
    return TrainerSettings(**tree)


def encoded(values: Sequence[Any]) -> list[Any]:
    """The values of a choice for KerasTuner, which takes numbers of one type, or else text: that is JSON."""
    if all(type(value) is int for value in values):
        return list(values)
    if all(type(value) in (int, float) for value in values):
        return [float(value) for value in values]
    return [json.dumps(value, sort_keys=True) for value in values]


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """What KerasTuner holds as the values of fields, by path."""
    own = {path: value for path, value in values.items() if not path.startswith(_KERAS_TUNER)}
    return {path: json.loads(value) if isinstance(value, str) else value for path, value in own.items()}
