"""Suggestions in words."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.message import Message

from pipeline.schema import printed
from pipeline.schema.admit import Admission
from pipeline.schema.suggest import Suggestion
from pipeline.schema.workflow import Difference

_NAMED = 5


def suggestion(found: Suggestion) -> str:
    """What was found and what would change, some lines under the name of the feature."""
    lines = [f"  {text}" for text in found.found]
    return "\n".join([found.feature, *lines, *(f"  -> {change}" for change in changes(found.admission))])


def verdict(found: Difference) -> str:
    """In a sentence."""
    if not found.suggestions:
        return f"{found.path} admits {found.span.origin}" if not found.by_hand else f"{found.path} has to be changed"
    names = " ".join(each.feature for each in found.suggestions)
    many = f"{len(found.suggestions)} features differ" if len(found.suggestions) > 1 else "1 feature differs"
    return f"{many} from {found.path} in {found.span.origin}: `millrace schema accept` changes {names}"


def changes(admission: Admission) -> list[str]:
    """The fields that would change, each with its old and new value."""
    added = [_added(admission.new_values)] if admission.new_values else []
    if admission.before is None:
        return [f"new: {printed.line(admission.after)}", *added]
    before, after = _flat(admission.before), _flat(admission.after)
    fields = [name for name in [*before, *(each for each in after if each not in before)] if name != _INLINE]
    changed = [_change(name, before.get(name), after.get(name)) for name in fields]
    opened = ["its list of values goes: it would get too many"] if admission.opened else []
    return [*opened, *(each for each in changed if each), *added]


_INLINE = "string_domain.value"
"""Told by the values that are new."""


def _change(name: str, before: str | None, after: str | None) -> str:
    if before == after:
        return ""
    if before is None:
        return f"{name}: {after}"
    return f"no {name} any more (it was {before})" if after is None else f"{name}: {before} -> {after}"


def _added(values: Sequence[str]) -> str:
    few = ", ".join(repr(each) for each in values[:_NAMED])
    rest = f" and {len(values) - _NAMED} more" if len(values) > _NAMED else ""
    return f"{len(values)} new value{'s' if len(values) > 1 else ''}: {few}{rest}"


def _flat(message: Message, prefix: str = "") -> dict[str, str]:
    """The fields that are set by their dotted paths."""
    found: dict[str, str] = {}
    for descriptor, value in message.ListFields():
        name = f"{prefix}{descriptor.name}"
        if isinstance(value, Message):
            found |= _flat(value, f"{name}.") or {name: "{}"}
        else:
            values = printed.values(message, descriptor)
            found[name] = ", ".join(printed.field(descriptor, each, "").partition(" ")[2] for each in values)
    return found
