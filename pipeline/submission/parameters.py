"""A run's parameters, held against their definitions in the compiled file before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.errors import InputError
from pipeline import arguments


def read(settings: Sequence[str], defined: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The values that `NAME=VALUE` settings give, where no parameter without a default is left out.

    Raises:
        InputError: one is unknown, given twice or of the wrong type; names those that are missing.
    """
    values = arguments.read(settings, {name: definition["parameterType"] for name, definition in defined.items()})
    missing = [
        name
        for name, definition in sorted(defined.items())
        if name not in values and "defaultValue" not in definition and not definition.get("isOptional")
    ]
    if missing:
        raise InputError(f"no value for {', '.join(missing)}, which have no default: --param {missing[0]}=…")
    return values
