"""A metadata store in PostgreSQL that keeps backslashes."""

from __future__ import annotations

from collections.abc import Mapping, MutableSequence
from typing import Any

import ml_metadata
from google.protobuf.message import Message

_BACKSLASH, _STAND_IN = "\\", "\ue05c"
"""The stand-in is of Unicode's private use area, where no text has anything."""


class Store(ml_metadata.MetadataStore):
    """Writes a stand-in for each backslash, and reads it back.

    libpq escapes a text with backslashes as E'...', of which ML Metadata 1.16 takes off the first and the last
    character as if it were '...': no text with a backslash can be written, and JSON within JSON has them.
    """

    def _call(self, method_name: str, request: Message, response: Message, *options: Any) -> Any:
        sent = type(request)()
        sent.CopyFrom(request)
        _replace(sent, _BACKSLASH, _STAND_IN)
        result = super()._call(method_name, sent, response, *options)
        _replace(response, _STAND_IN, _BACKSLASH)
        return result


def _replace(message: Message, old: str, new: str) -> None:
    """In all texts of a message."""
    for field, value in message.ListFields():
        if isinstance(value, str):
            setattr(message, field.name, value.replace(old, new))
        elif isinstance(value, Message):
            _replace(value, old, new)
        elif isinstance(value, Mapping):
            for each in value.values():
                if isinstance(each, Message):
                    _replace(each, old, new)
        elif isinstance(value, MutableSequence):
            for number, each in enumerate(value):
                if isinstance(each, Message):
                    _replace(each, old, new)
                elif isinstance(each, str):
                    value[number] = each.replace(old, new)
