"""The base of every config record: frozen, typed, closed to unknown fields."""

from __future__ import annotations

import difflib
from typing import Any

import pydantic

from components.errors import ConfigError


class Record(pydantic.BaseModel):
    """A frozen config record. A wrong field raises ConfigError naming it, what arrived and what is valid."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except pydantic.ValidationError as error:
            raise ConfigError(_message(type(self), error)) from None


def _message(record: type[Record], error: pydantic.ValidationError) -> str:
    return "\n".join(_line(record, problem) for problem in error.errors(include_url=False))


def _line(record: type[Record], problem: Any) -> str:
    where = ".".join([record.__name__, *map(str, problem["loc"])])
    if problem["type"] == "extra_forbidden":
        return f"{where}: unknown field.{_suggest(str(problem['loc'][-1]), list(record.model_fields))}"
    if problem["type"] == "missing":
        return f"{where}: required field is missing"
    return f"{where}: {problem['msg']}. Received: {problem['input']!r}"


def _suggest(name: str, valid: list[str]) -> str:
    close = difflib.get_close_matches(name, valid, n=3)
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    return f"{hint} Valid fields: {', '.join(valid)}"
