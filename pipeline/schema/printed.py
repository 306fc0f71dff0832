"""Messages as a person would write them: short ones on a line, longer ones with a line for each field."""

from __future__ import annotations

from collections.abc import MutableMapping, MutableSequence
from typing import Any

from google.protobuf import text_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.text_format import TextWriter

_WIDTH = 100


def scalar(field: FieldDescriptor, value: Any) -> str:
    """The value alone."""
    out = TextWriter(as_utf8=True)
    text_format.PrintFieldValue(field, value, out, as_utf8=True)
    return out.getvalue()


def field(descriptor: FieldDescriptor, value: Any, indent: str) -> str:
    """`name: value` or `name { … }`, on one line where that is short; the first line is not indented."""
    if descriptor.message_type is None:
        return f"{descriptor.name}: {scalar(descriptor, value)}"
    line = " ".join([descriptor.name, "{", *_inner(value, indent), "}"])
    return line if "\n" not in line and len(indent + line) <= _WIDTH else block(descriptor, value, indent)


def block(descriptor: FieldDescriptor, value: Any, indent: str) -> str:
    """The same, but a message always takes a line for each of its fields."""
    if descriptor.message_type is None:
        return field(descriptor, value, indent)
    return "\n".join([f"{descriptor.name} {{", *(f"{indent}  {each}" for each in _inner(value, indent)), f"{indent}}}"])


def line(value: Message) -> str:
    """All of its fields on one line, without braces."""
    return " ".join(field(each, one, "") for each, many in _ordered(value) for one in many)


def message(value: Message) -> str:
    """A whole text proto; its messages stand apart from each other, below the rest."""
    parts = []
    for descriptor, many in sorted(_ordered(value), key=lambda each: each[0].message_type is not None):
        printed = [block(descriptor, each, "") for each in many]
        parts.append(("\n\n" if descriptor.message_type else "\n").join(printed))
    return "\n\n".join(parts) + "\n"


def values(message: Message, descriptor: FieldDescriptor) -> list[Any]:
    """The values of a field, none where it is not set; nothing of a map, which no inferred schema has."""
    value = getattr(message, descriptor.name)
    if isinstance(value, MutableMapping):
        return []
    if isinstance(value, MutableSequence):
        return list(value)
    return [value] if message.HasField(descriptor.name) else []


def _inner(message: Message, indent: str) -> list[str]:
    return [field(each, one, f"{indent}  ") for each, many in _ordered(message) for one in many]


def _ordered(message: Message) -> list[tuple[FieldDescriptor, list[Any]]]:
    """The fields in the order in which their .proto defines them, behind name and type, each with its values."""
    set_ = [descriptor for descriptor, _ in message.ListFields()]
    found = sorted(set_, key=lambda each: (each.name != "name", each.name != "type", each.index))
    return [(descriptor, values(message, descriptor)) for descriptor in found]
