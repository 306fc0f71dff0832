"""What a run is given: as its first task takes it, and refused where it could not run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from components.errors import ConfigError, InputError
from pipeline.config.config import Config
from pipeline.config.load import applied
from pipeline.config.tree import found
from pipeline.kubeflow.checks import check
from pipeline.kubeflow.parameters import REPLACED, ROOT, RUN_ID, is_replaced, parameters


def set_fields(config: Config, settings: Sequence[str]) -> list[str]:
    """The settings that change something.

    KFP has no parameter without a value: that of a field that is None is an empty text, which leaves it alone.
    Everywhere else an empty text is what somebody has asked for.
    """
    tree = config.model_dump(by_alias=True)
    parts = [(setting, *setting.partition("=")[::2]) for setting in settings]
    return [setting for setting, field, value in parts if value or found(tree, field.split(".")) is not None]


def check_values(config: Config, values: Mapping[str, Any]) -> None:
    """Refuse what a run would be given, where its first task would, or where it could not run.

    Args:
        values: of the parameters that are given one, by name.

    Raises:
        ConfigError: names the parameter that is wrong alone, or all of them where it takes several.
    """
    problem = _problem(config, values)
    if problem:
        alone = [name for name, value in values.items() if _problem(config, {name: value}) == problem]
        named = alone[:1] or [name for name in values if name != RUN_ID]
        raise ConfigError(f"{' '.join(f'--param {name}={_text(values[name])}' for name in named)}: {problem}")


def _problem(config: Config, values: Mapping[str, Any]) -> str:
    if any(map(is_replaced, values.values())):
        return REPLACED
    try:
        check(_started(config, values))
    except InputError as error:
        return str(error)
    return ""


def _started(config: Config, values: Mapping[str, Any]) -> Config:
    """The config as the run has it: all its settings at once, those that keep their defaults, too."""
    fields = [each for each in parameters(config) if each.field]
    settings = [f"{each.field}={_text(values.get(each.name, each.default))}" for each in fields]
    cluster = config.kubeflow.model_copy(update={"root": values.get(ROOT, config.kubeflow.root)})
    return applied(config.model_copy(update={"kubeflow": cluster}), set_fields(config, settings))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
