"""Where the fields of a text proto stand in its text, comments and all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<skip>\s+|\#[^\n]*)|(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<mark>[{}<>\[\]:;,])|"""
    r"""(?P<word>[^\s#"'{}<>\[\]:;,]+)""",
    re.DOTALL,
)
_OPENING, _CLOSING = ("{", "<", "["), ("}", ">", "]")


@dataclass(frozen=True)
class Body:
    """What stands between the braces of a message, or the whole text."""

    start: int
    end: int
    fields: Sequence[Field]


@dataclass(frozen=True)
class Field:
    """A field and its value.

    Attributes:
        start, end: of both, a separator behind them included.
        value: the start and end of the value.
        body: of a message in braces; None for a scalar.
        items: the start and end of each value of a list, as in [a, b].
        is_list: the value is written so.
    """

    name: str
    start: int
    end: int
    value: tuple[int, int]
    body: Body | None
    items: Sequence[tuple[int, int]]
    is_list: bool


def has_comment(text: str) -> bool:
    """Whether anything in it is a comment."""
    return any(match[0].startswith("#") for match in _TOKEN.finditer(text))


def places(text: str) -> Body:
    """The fields of a text that protobuf can parse."""
    return _Reader(text).body(0, len(text))


@dataclass(frozen=True)
class _Token:
    text: str
    start: int
    end: int
    is_string: bool


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = [
            _Token(match[0], match.start(), match.end(), match.lastgroup == "string")
            for match in _TOKEN.finditer(text)
            if match.lastgroup != "skip"
        ]
        self._next = 0

    def body(self, start: int, limit: int) -> Body:
        fields = []
        while self._next < len(self._tokens) and self._seen not in _CLOSING:
            fields.append(self._field())
        end = self._tokens[self._next].start if self._next < len(self._tokens) else limit
        return Body(start, end, fields)

    def _field(self) -> Field:
        first = self._take()
        name = first.text
        while first.text == "[" and not name.endswith("]"):  # an extension: [package.name]
            name += self._take().text
        if self._seen == ":":
            self._take()
        start = self._tokens[self._next].start
        is_list, body = self._seen == "[", None
        items: list[tuple[int, int]] = []
        if self._seen in ("{", "<"):
            body = self.body(self._take().end, start)
            end = self._take().end
        elif is_list:
            items = self._items()
            end = self._take().end
        else:
            end = self._value()
        value = (start, end)
        if self._next < len(self._tokens) and self._seen in (",", ";"):
            end = self._take().end
        return Field(name, first.start, end, value, body, items, is_list)

    def _items(self) -> list[tuple[int, int]]:
        """Past the values of a list, up to its end."""
        self._take()
        items = []
        while self._seen != "]":
            start = self._tokens[self._next].start
            items.append((start, self._value()))
            if self._seen == ",":
                self._take()
        return items

    def _value(self) -> int:
        """Past a message in a list, adjacent strings, or a word; its end."""
        depth = 0
        while True:
            token = self._take()
            depth += (token.text in _OPENING) - (token.text in _CLOSING)
            more = token.is_string and self._next < len(self._tokens) and self._tokens[self._next].is_string
            if depth == 0 and not more and token.text != "-":
                return token.end

    @property
    def _seen(self) -> str:
        return self._tokens[self._next].text

    def _take(self) -> _Token:
        self._next += 1
        return self._tokens[self._next - 1]
