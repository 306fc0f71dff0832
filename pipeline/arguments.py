"""NAME=VALUE, as typed, for the parameters of a compiled pipeline: read by the types that KFP gives them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from components.errors import InputError, close_matches

_JSON: Mapping[str, tuple[type, str]] = {"LIST": (list, "a JSON list"), "STRUCT": (dict, "a JSON object")}
EXACT = 2**53
"""KFP's numbers are doubles (google.protobuf.Value): of a larger one it would change the last digits."""


def read(settings: Sequence[str], types: Mapping[str, str]) -> dict[str, Any]:
    """The values that `NAME=VALUE` settings give.

    Args:
        types: of all parameters, by name: STRING, NUMBER_INTEGER, NUMBER_DOUBLE, BOOLEAN, LIST or STRUCT.

    Raises:
        InputError: one is unknown, given twice or of the wrong type.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        name, separator, text = setting.partition("=")
        if not separator or not name:
            raise InputError(f"--param {setting}: write NAME=VALUE, as in --param data_span=3")
        if name not in types:
            listing = ", ".join(sorted(types)) or "none"
            raise InputError(
                f"--param {setting}: the pipeline has no parameter {name!r}.{close_matches(name, types)} Parameters: "
                f"{listing}. Which fields of a config are parameters, its kubeflow.runtime says"
            )
        if name in values:
            raise InputError(f"--param {setting}: {name} was given before, as {values[name]!r}")
        try:
            values[name] = _value(text, types[name])
        except ValueError as error:
            raise InputError(f"--param {setting}: {name} must be {error}. Received: {text!r}") from None
    return values


def _value(text: str, kind: str) -> Any:  # one type a return
    """Raises ValueError, which says what it must be."""
    if kind == "NUMBER_INTEGER":
        return _number(text, int, "a whole number", EXACT)
    if kind == "NUMBER_DOUBLE":
        return _number(text, float, "a number", sys.float_info.max)
    if kind == "BOOLEAN":
        if text.lower() not in ("true", "false"):
            raise ValueError("true or false")
        return text.lower() == "true"
    return _of_json(text, *_JSON[kind]) if kind in _JSON else text


def _number(text: str, kind: Callable[[str], float], words: str, most: float) -> float:
    try:
        value = kind(text)
    except ValueError:
        raise ValueError(words) from None
    if not abs(value) <= most:  # nor NaN
        raise ValueError(f"{words} that JSON can write")
    return value


def _of_json(text: str, kind: type, words: str) -> Any:
    try:
        value = json.loads(text)
        json.dumps(value, allow_nan=False)  # Python alone reads NaN and Infinity, and makes one of 1e999
    except (ValueError, RecursionError):
        raise ValueError(words) from None
    if not isinstance(value, kind):
        raise ValueError(words)
    return value
