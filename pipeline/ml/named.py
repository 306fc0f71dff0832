"""Keras objects by name ("auc") or by reference ("my.module.Metric", "losses.py:ssim")."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from components.errors import ConfigError, close_matches
from pipeline import references


def get(name: str, module: ModuleType, field: str) -> Any:
    """What `name` stands for: an object of Keras' `module` (keras.losses, keras.metrics), or the user's own.

    A class is made without arguments; a function or an object is taken as it is.

    Raises:
        ConfigError: Keras has no such name, or the reference leads nowhere.
    """
    if references.is_reference(name):
        found = references.load(name)
        return found() if inspect.isclass(found) else found
    return keras_named(name, lambda: module.get(name), module, field)


def keras_named(name: str, make: Callable[[], Any], module: ModuleType, field: str) -> Any:
    """What `make` makes, with a ConfigError of `field` and close names when Keras does not know `name`."""
    try:
        return make()
    except ValueError:
        parts = {n for n, each in vars(module).items() if inspect.isclass(each) or inspect.isfunction(each)}
        known = [n for n in parts if n not in ("get", "serialize", "deserialize", "Optimizer", "LossScaleOptimizer")]
        raise ConfigError(
            f"{field}: Keras knows no {name!r}.{close_matches(name, known)} Known: {', '.join(sorted(known))}; "
            "or give a dotted path"
        ) from None
