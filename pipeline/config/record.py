"""The base of every config record: frozen, typed, closed to unknown fields."""

from __future__ import annotations

from typing import Any

import pydantic

from components.errors import ConfigError, close_matches


class Record(pydantic.BaseModel):
    """A frozen config record. A wrong field raises ConfigError naming it, what arrived and what is valid."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except pydantic.ValidationError as error:
            raise ConfigError(_message(type(self), error)) from None


def _message(record: type[Record], error: pydantic.ValidationError) -> str:
    """A line per problem. An unknown field comes before the required one that is missing because of it."""
    problems = sorted(error.errors(include_url=False), key=lambda problem: problem["type"] != "extra_forbidden")
    return "\n".join(_line(record, problem) for problem in problems)


def _line(record: type[Record], problem: Any) -> str:
    """What is wrong. A record given as a dict is checked by its own class, so `loc` never leaves `record`'s fields."""
    where = ".".join([record.__name__, *map(str, problem["loc"])])
    received = f"Received: {problem['input']!r}"
    context = problem.get("ctx", {})
    match problem["type"]:
        case "extra_forbidden":
            return f"{where}: unknown field.{_suggest(str(problem['loc'][-1]), record)}"
        case "missing":
            return f"{where}: required field is missing"
        case "value_error" if not problem["loc"]:
            return f"{where}: {context['error']}"
        case "union_tag_invalid":
            kinds = context["expected_tags"].replace("'", "")
            hint = close_matches(context["tag"], kinds.split(", "))
            return f"{where}: unknown kind {context['tag']!r}.{hint} Valid kinds: {kinds}"
        case "union_tag_not_found" if isinstance(problem["input"], dict):
            return f"{where}: its kind is missing. {received}"
        case "union_tag_not_found":
            return f"{where}: a record of another kind belongs here. {received}"
        case _:
            return f"{where}: {problem['msg']}. {received}"


def _suggest(name: str, record: type[Record]) -> str:
    """Close matches among the fields, or the records inside that do have such a field; then all fields."""
    fields = {field.alias or key: field.annotation for key, field in record.model_fields.items()}
    inside = [
        f"{outer}.{name}"
        for outer, kind in fields.items()
        if isinstance(kind, type) and issubclass(kind, Record) and name in kind.model_fields
    ]
    hint = f" Did you mean {' or '.join(inside)}?" if inside else close_matches(name, list(fields))
    return f"{hint} Valid fields: {', '.join(fields)}"
