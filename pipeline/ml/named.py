"""Keras objects by name ("auc") or by reference ("my.module.Metric", "losses.py:ssim")."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from components.errors import ConfigError
from pipeline import references


def is_reference(name: str) -> bool:
    """Whether `name` is a dotted path or FILE.py:NAME, and not a name of Keras."""
    return "." in name or ":" in name


def get(name: str, module: ModuleType, field: str) -> Any:
    """What `name` stands for: an object of Keras' `module` (keras.losses, keras.metrics), or the user's own.

    A class is made without arguments; a function or an object is taken as it is.

    Raises:
        ConfigError: Keras has no such name, or the reference leads nowhere.
    """
    if is_reference(name):
        found = references.load(name)
        return found() if inspect.isclass(found) else found
    return keras_named(name, lambda: module.get(name), module, field)


def keras_named(name: str, make: Callable[[], Any], module: ModuleType, field: str) -> Any:
    """What `make` makes, with a ConfigError of `field` and close names when Keras does not know `name`."""
    try:
        return make()
    except ValueError:
        known = [n for n in vars(module) if not n.startswith("_") and n not in ("get", "serialize", "deserialize")]
        close = difflib.get_close_matches(name, known, n=3)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        raise ConfigError(
            f"{field}: Keras knows no {name!r}.{hint} Known: {', '.join(sorted(known))}; or give a dotted path"
        ) from None
