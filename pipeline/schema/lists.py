"""Values written as [a, b] in a text proto, edited."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from pipeline.schema import printed
from pipeline.schema.places import Field

Edit = tuple[int, int, str]
"""The start and end of what goes, and what comes in its place."""


def can_be_edited(field: Field, descriptor: FieldDescriptor, before: Sequence[Any], after: Sequence[Any]) -> bool:
    """Whether new values and changed ones are all that there is to do."""
    return descriptor.message_type is None and len(field.items) == len(before) and not _goes(before, after)


def edits(
    text: str, field: Field, descriptor: FieldDescriptor, before: Sequence[Any], after: Sequence[Any]
) -> Iterator[Edit]:
    """What makes values `before` into `after` in the text: values of an own line get new ones on lines of their own."""
    for _, first, last, low, high in _steps(before, after):
        new = [printed.scalar(descriptor, value) for value in after[low:high]]
        if first < last:
            yield from ((*item, value) for item, value in zip(field.items[first:last], new, strict=True))
        elif not field.items:
            yield field.value[0] + 1, field.value[0] + 1, ", ".join(new)
        elif first == 0:
            start = field.items[0][0]
            yield start, start, "".join(f"{value}, " for value in new)
        else:
            yield from _behind(text, field, first - 1, new)


def _behind(text: str, field: Field, place: int, new: Sequence[str]) -> Iterator[Edit]:
    """Behind an item; below its line, comment included, where it stands alone there."""
    start, end = field.items[place]
    is_last = place == len(field.items) - 1
    following = field.value[1] - 1 if is_last else field.items[place + 1][0]
    line_start, line_end = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    indent = text[line_start:start]
    if indent.strip() or not end <= line_end <= following or not (is_last or text[end] == ","):
        yield end, end, "".join(f", {value}" for value in new)
    elif is_last:
        yield end, end, ","
        yield line_end, line_end, ",".join(f"\n{indent}{value}" for value in new)
    else:
        yield line_end, line_end, "".join(f"\n{indent}{value}," for value in new)


def _goes(before: Sequence[Any], after: Sequence[Any]) -> bool:
    return any(first < last and last - first != high - low for _, first, last, low, high in _steps(before, after))


def _steps(before: Sequence[Any], after: Sequence[Any]) -> list[tuple[str, int, int, int, int]]:
    steps = difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes()
    return [step for step in steps if step[0] != "equal"]
