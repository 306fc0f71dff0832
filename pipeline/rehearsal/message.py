"""The base of every record of the two documents: closed to fields that nobody here interprets."""

from __future__ import annotations

from typing import Any, TypeVar

import pydantic
from pydantic.alias_generators import to_camel

from components.errors import InputError

_M = TypeVar("_M", bound="Message")


class Message(pydantic.BaseModel):
    """A protobuf message in its JSON form: camelCase names, and no field that is not interpreted."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)


def read(message: type[_M], content: Any, where: str, *, closed: bool = True) -> _M:
    """`content` as that message.

    Args:
        closed: refuse fields that nobody here interprets, rather than leave them out.

    Raises:
        InputError: there is such a field, or one is missing or of another type.
    """
    try:
        return message.model_validate(content, extra="forbid" if closed else "ignore")
    except pydantic.ValidationError as error:
        problems = error.errors(include_url=False)
        raise InputError("\n".join(f"{where}: {_line(problem)}" for problem in problems)) from None


def _line(problem: Any) -> str:
    path = ".".join(map(str, problem["loc"])) or "the document"
    match problem["type"]:
        case "extra_forbidden":
            return f"the rehearsal does not understand {path}. Received: {problem['input']!r}"
        case "missing":
            return f"{path} is missing"
        case "value_error":
            return f"{path}: {problem['ctx']['error']}"
        case _:
            return f"{path}: {problem['msg']}. Received: {problem['input']!r}"
