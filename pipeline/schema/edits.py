"""A text proto edited to say something else, with all that a person wrote left where it is.

Only what differs is touched: a value is replaced, a field is put behind its siblings, or taken away. Comments, order,
blank lines and the way a value is written stay. A comment is never taken away.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf import text_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from pipeline.schema import lists, printed
from pipeline.schema.places import Body, Field, has_comment, places

_Message = TypeVar("_Message", bound=Message)


def edited(text: str, wanted: Message) -> str:
    """`text`, so that it reads as `wanted`.

    Raises:
        NotEdited: it would read as something else.
        CommentWithin: a comment would go.
    """
    now = text_format.Parse(text, type(wanted)())
    found = _Edits(text)
    found.whole(places(text), now, wanted)
    result = found.applied()
    try:
        if text_format.Parse(result, type(wanted)()) != wanted:
            raise NotEdited
    except text_format.ParseError as error:
        raise NotEdited from error
    return result


class NotEdited(Exception):
    """The text is written in a way that nobody foresaw."""


class CommentWithin(Exception):
    """A comment stands within what is to go or to be written anew, and would go with it."""


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    text: str


class _Edits:
    def __init__(self, text: str) -> None:
        self._text = text
        self._edits: list[_Edit] = []

    def applied(self) -> str:
        parts, at = [], 0
        for edit in sorted(self._edits, key=lambda each: (each.start, each.end)):
            parts += [self._text[at : edit.start], edit.text]
            at = edit.end
        return "".join([*parts, self._text[at:]])

    def whole(self, body: Body, now: Message, wanted: Message) -> None:
        """The message that the text is."""
        for descriptor in _changed_fields(now, wanted):
            self._field(_TopGap(self, body, descriptor), now, wanted)

    def _message(self, body: Body, now: Message, wanted: Message) -> None:
        """One in braces."""
        for descriptor in _changed_fields(now, wanted):
            self._field(_Gap(self, body, descriptor), now, wanted)
        if body.start == body.end:
            self.replace(body.end, body.end, " ")

    def _field(self, gap: _Gap, now: Message, wanted: Message) -> None:
        there = [field for field in gap.body.fields if field.name == gap.descriptor.name]
        self._values(gap, there, printed.values(now, gap.descriptor), printed.values(wanted, gap.descriptor))

    def _values(self, gap: _Gap, there: Sequence[Field], before: Sequence[Any], after: Sequence[Any]) -> None:
        """Values that are equal, or messages of the same name, are the same; the others go or come."""
        if any(field.is_list for field in there):
            if len(there) == 1 and lists.can_be_edited(there[0], gap.descriptor, before, after):
                for edit in lists.edits(self._text, there[0], gap.descriptor, before, after):
                    self.replace(*edit)
                return
            self._remove(there)
            gap.insert(there[-1:], after)
            return
        known, asked = ([_key(gap.descriptor, value) for value in values] for values in (before, after))
        for _, first, last, low, high in difflib.SequenceMatcher(a=known, b=asked, autojunk=False).get_opcodes():
            if known[first:last] != asked[low:high]:
                self._changed(gap, there, (first, last), before[first:last], after[low:high])
                continue
            for field, old, new in zip(there[first:last], before[first:last], after[low:high], strict=True):
                if old != new and field.body:
                    self._message(field.body, old, new)

    def _changed(
        self, gap: _Gap, there: Sequence[Field], run: tuple[int, int], old: Sequence[Any], new: Sequence[Any]
    ) -> None:
        first, last = run
        if len(old) == len(new) and gap.descriptor.message_type is None:
            for field, value in zip(there[first:last], new, strict=True):
                self.replace(*field.value, printed.scalar(gap.descriptor, value))
            return
        self._remove(there[first:last])
        gap.insert(there[max(0, last - 1) : last], new, before=there[:1])

    def replace(self, start: int, end: int, text: str) -> None:
        self._edits.append(_Edit(start, end, text))

    def _remove(self, fields: Iterable[Field]) -> None:
        """With the line where nothing else stands on it, and with the space in front where something does."""
        for field in fields:
            start, end = field.start, field.end
            if has_comment(self.of(start, end)):
                raise CommentWithin
            line_start, line_end = self.line(start)[0], self.line(end)[1]
            rest = self._text[end:line_end]
            if not self._text[line_start:start].strip() and not rest.strip():
                start, end = max(0, line_start - 1), line_end
            elif rest.lstrip().startswith("#"):
                end += len(rest) - len(rest.lstrip())
            elif self._text[start - 1 : start] == " ":
                start -= 1
            self.replace(start, end, "")

    def line(self, at: int) -> tuple[int, int]:
        end = self._text.find("\n", at)
        return self._text.rfind("\n", 0, at) + 1, len(self._text) if end < 0 else end

    def of(self, start: int, end: int) -> str:
        return self._text[start:end]


@dataclass(frozen=True)
class _Gap:
    """Where values of a field can be put into a message in braces."""

    edits: _Edits
    body: Body
    descriptor: FieldDescriptor

    def insert(self, behind: Sequence[Field], values: Sequence[Any], before: Sequence[Field] = ()) -> None:
        """Behind one of its fields, else in front of another, else at the end."""
        if not values:
            return
        if self._on_one_line:
            self._inline(behind or self.body.fields[-1:], values)
        elif not behind and before:
            at = self.edits.line(before[0].start)[0]
            self.edits.replace(at, at, "".join(f"{self._indent}{each}\n" for each in self._printed(values)))
        else:
            behind = behind or self.body.fields[-1:]
            at = self.edits.line(behind[0].end)[1] if behind else self.body.start
            if at > self.body.end:  # the closing brace stands on that line, too
                self._inline(behind, values)
                return
            self.edits.replace(at, at, "".join(f"{self._apart}{self._indent}{each}" for each in self._printed(values)))

    def _inline(self, behind: Sequence[Field], values: Sequence[Any]) -> None:
        at = behind[0].end if behind else self.body.start
        self.edits.replace(at, at, "".join(f" {printed.field(self.descriptor, each, '')}" for each in values))

    def _printed(self, values: Sequence[Any]) -> list[str]:
        return [printed.field(self.descriptor, each, self._indent) for each in values]

    @property
    def _on_one_line(self) -> bool:
        return "\n" not in self.edits.of(self.body.start, self.body.end)

    @property
    def _apart(self) -> str:
        return "\n"

    @property
    def _indent(self) -> str:
        """That of a sibling, or two more than the message's own."""
        siblings = self.body.fields
        line = self.edits.of(*self.edits.line(siblings[-1].start if siblings else self.body.start))
        own = line[: len(line) - len(line.lstrip())]
        return own if siblings else f"{own}  "


class _TopGap(_Gap):
    """In the message that the text is, where messages stand apart from each other."""

    def _printed(self, values: Sequence[Any]) -> list[str]:
        return [printed.block(self.descriptor, each, "") for each in values]

    @property
    def _on_one_line(self) -> bool:
        return False

    @property
    def _apart(self) -> str:
        return "\n\n" if self.descriptor.message_type else "\n"

    @property
    def _indent(self) -> str:
        return ""


def _changed_fields(now: Message, wanted: Message) -> list[FieldDescriptor]:
    return [each for each in _fields(now) if printed.values(now, each) != printed.values(wanted, each)]


def _fields(message: Message) -> list[FieldDescriptor]:
    fields: list[Any] = list(message.DESCRIPTOR.fields)
    return sorted(fields, key=lambda each: each.index)


def _key(field: FieldDescriptor, value: Any) -> Any:
    """What tells values of a field apart: themselves, or the names of messages."""
    return value if field.message_type is None else getattr(value, "name", "")
