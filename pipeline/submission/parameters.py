"""A run's parameters, held against their definitions in the compiled file before anything is sent."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from components.errors import InputError, close_matches

RUN_ID = "run_id"
"""The parameter that names the run to go on with."""
_JSON: Mapping[str, tuple[type, str]] = {"LIST": (list, "a JSON list"), "STRUCT": (dict, "a JSON object")}


def read(settings: Sequence[str], defined: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The values that `NAME=VALUE` settings give.

    Raises:
        InputError: one is unknown, given twice or of the wrong type.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        name, separator, text = setting.partition("=")
        if not separator or not name:
            raise InputError(f"--param {setting}: write NAME=VALUE, as in --param data_span=3")
        if name not in defined:
            listing = ", ".join(sorted(defined)) or "none"
            raise InputError(
                f"--param {setting}: the pipeline has no parameter {name!r}.{close_matches(name, defined)} Parameters: "
                f"{listing}. Which fields of a config are parameters, its kubeflow.runtime says"
            )
        if name in values:
            raise InputError(f"--param {setting}: {name} was given before, as {values[name]!r}")
        try:
            values[name] = _value(text, defined[name]["parameterType"])
        except ValueError as error:
            raise InputError(f"--param {setting}: {name} must be {error}. Received: {text!r}") from None
    return values


def check_complete(values: Mapping[str, Any], defined: Mapping[str, Mapping[str, Any]]) -> None:
    """Every parameter without a default must be given.

    Raises:
        InputError: names those that are not.
    """
    missing = [
        name
        for name, definition in sorted(defined.items())
        if name not in values and "defaultValue" not in definition and not definition.get("isOptional")
    ]
    if missing:
        raise InputError(f"no value for {', '.join(missing)}, which have no default: --param {missing[0]}=…")


def _value(text: str, kind: str) -> Any:  # one type a return
    """Raises ValueError, which says what it must be."""
    if kind == "NUMBER_INTEGER":
        return _number(text, int, "a whole number")
    if kind == "NUMBER_DOUBLE":
        return _number(text, float, "a number")
    if kind == "BOOLEAN":
        if text.lower() not in ("true", "false"):
            raise ValueError("true or false")
        return text.lower() == "true"
    if kind in _JSON:
        wanted, words = _JSON[kind]
        try:
            value = json.loads(text)
        except ValueError:
            raise ValueError(words) from None
        if not isinstance(value, wanted):
            raise ValueError(words)
        return value
    return text


def _number(text: str, kind: Callable[[str], float], words: str) -> float:
    try:
        value = kind(text)
    except ValueError:
        raise ValueError(words) from None
    if not math.isfinite(value):
        raise ValueError(f"{words} that JSON can write")
    return value
