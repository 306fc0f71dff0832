"""Values of parameters as the backend writes them into commands (v2/metadata/converter.go, launcher_v2.go)."""

from __future__ import annotations

import decimal
import json
from typing import Any

from pipeline.rehearsal.spec import ParameterType

_TYPES: dict[ParameterType, tuple[type, ...]] = {
    "STRING": (str,),
    "NUMBER_INTEGER": (int, float),
    "NUMBER_DOUBLE": (int, float),
    "BOOLEAN": (bool,),
    "LIST": (list,),
    "STRUCT": (dict,),
}
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def is_a(value: Any, kind: ParameterType) -> bool:
    """Whether `value` may be a parameter of that type. The backend alone takes 2.5 for an integer, too."""
    if isinstance(value, bool) and kind != "BOOLEAN":
        return False
    whole = kind != "NUMBER_INTEGER" or not isinstance(value, float) or value.is_integer()
    return isinstance(value, _TYPES[kind]) and whole


def text(value: Any) -> str:
    """`value` where a command names its parameter: 5.0 is `5`, True is `true`, a list or record is JSON."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return _number(float(value))
        case _:
            return _escaped(as_json(value))


def as_json(value: Any) -> str:
    """JSON in one line, without spaces, the keys sorted; every number is a double."""
    return json.dumps(_doubles(value), separators=(",", ":"), sort_keys=True, ensure_ascii=False, allow_nan=False)


def _number(value: float) -> str:
    """Go's FormatFloat(value, 'f', -1, 64): the shortest digits that give the number, never with an exponent."""
    digits = format(decimal.Decimal(repr(value)), "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _doubles(value: Any) -> Any:
    match value:
        case bool() | str() | None:
            return value
        case int() | float():
            double = float(value)
            return int(double) if double.is_integer() and abs(double) < 1e21 else double
        case dict():
            return {key: _doubles(each) for key, each in value.items()}
        case _:
            return [_doubles(each) for each in value]


def _escaped(written: str) -> str:
    """Go's encoding/json writes these so that they may stand in HTML."""
    return "".join(_ESCAPES.get(character, character) for character in written)
