"""What a look at the data suggests for the config: a label's head, a feature's record, as code with its reason."""

from __future__ import annotations

import dataclasses
import json
import math
import re

from components.errors import InputError, close_matches
from pipeline.new.profile import Column, Profile, looks_like_time

FEW = 20
"""Up to so many distinct whole numbers count as categories, of a label as well as of a feature."""
ONE_HOT_LIMIT = 50
"""A vocabulary up to this size becomes one-hot, a larger one an embedding."""
VOCABULARY_LIMIT = 1000
"""With more distinct values than this, text is hashed instead."""
_LABEL_NAMES = ("label", "target", "class", "y", "outcome")


@dataclasses.dataclass(frozen=True)
class Target:
    """What a label column means for the config, as code, and why."""

    head: str
    threshold: str
    label_reason: str
    threshold_reason: str


def label(seen: Profile, name: str | None) -> Column:
    """The column named, or one that is called like a label, or the last."""
    names = [column.name for column in seen.columns]
    if name is None:
        return next((column for column in seen.columns if column.name.lower() in _LABEL_NAMES), seen.columns[-1])
    if name not in names:
        raise InputError(f"--label {name}: no such column.{close_matches(name, names)} Columns: {', '.join(names)}")
    return seen.columns[names.index(name)]


def target(column: Column) -> Target:
    """The head for a label column, and a threshold that guessing would not pass.

    Raises:
        InputError: the column holds one value, or texts of which nearly each is another, or rows lack it.
    """
    if column.missing:
        raise InputError(
            f"label {column.name!r} is missing in {column.missing:,} rows; drop these rows from the data, "
            "or name another column with --label"
        )
    if column.distinct < 2:
        raise InputError(f"label {column.name!r} has one class, {column.values[:1]}; name another column with --label")
    if column.kind == "text" and column.distinct > min(VOCABULARY_LIMIT, column.present / 2):
        raise InputError(
            f"column {column.name!r} cannot be the label: text with {column.distinct:,} distinct values in "
            f"{column.present:,} rows; name another column with --label"
        )
    if column.kind == "float" or (column.kind == "int" and column.distinct > FEW):
        return _regression(column)
    return _classification(column)


def _regression(column: Column) -> Target:
    return Target(
        head=f'c.Head(label={code(column.name)}, task="regression")',
        label_reason=f"The label: numbers from {column.low:g} to {column.high:g}, {column.distinct:,} distinct.",
        threshold=f'c.Threshold(metric="rmse", upper={column.deviation:.4g})',
        threshold_reason="A model is pushed if it errs less than the mean as answer; raise the bar to what you need.",
    )


def _classification(column: Column) -> Target:
    classes = tuple(sorted(column.values, key=(lambda value: int(value)) if column.kind == "int" else None))
    binary = len(classes) == 2
    common = f"{column.values[0]!r} ({column.most_frequent:,} rows)"
    named = "" if classes == ("0", "1") or len(classes) > ONE_HOT_LIMIT else f", classes={code(classes)}"
    if binary:
        threshold, reason = 'c.Threshold(metric="auc", lower=0.5)', "its AUC beats a coin"
    else:
        share = math.floor(100 * column.most_frequent / column.present) / 100
        threshold = f'c.Threshold(metric="accuracy", lower={share})'
        reason = f"its accuracy beats always guessing {column.values[0]!r}"
    return Target(
        head=f'c.Head(label={code(column.name)}, task="{"binary" if binary else "multiclass"}"{named})',
        label_reason=f"The label: {len(classes)} classes, most often {common}.",
        threshold=threshold,
        threshold_reason=f"A model is pushed if {reason}; raise the bar to what you need.",
    )


def feature(column: Column, rows: int) -> str:
    """The line of a column in `features`: a record, or a comment that says why the column is left out."""
    gaps = f", {column.missing:,} missing" if column.missing else ""
    name = code(column.name)
    if column.distinct < 2:
        return f"# left out: {name} has one value only{gaps}."
    if _is_key(column, rows):
        return f"# left out: {name} is different in every row, a key."
    if column.kind == "text" and looks_like_time(column):
        return f"# left out: {name} holds dates; make numbers of them (hour, weekday, age) to use them."
    if column.kind == "float" or (column.kind == "int" and column.distinct > FEW):
        return f"c.ZScore(column={name}),  # {column.low:g} to {column.high:g}{gaps}"
    if column.kind == "int" and column.low >= 0 and column.high < 5 * FEW:
        return f"c.Identity(column={name}, size={int(column.high) + 1}),  # {column.distinct} small whole numbers{gaps}"
    seen = f"{column.distinct:,} distinct{gaps}"
    if column.distinct <= ONE_HOT_LIMIT:
        return f"c.Vocabulary(column={name}),  # {seen}"
    if column.distinct <= VOCABULARY_LIMIT:
        return f"c.Vocabulary(column={name}, encoding=c.Embedding(size=8)),  # {seen}"
    return f"c.Hashed(column={name}, buckets=1000, encoding=c.Embedding(size=8)),  # {seen}"


def _is_key(column: Column, rows: int) -> bool:
    """Text that hardly repeats; whole numbers that never do and are called an id or count the rows."""
    if column.kind == "text":
        return column.distinct > 0.9 * rows and rows > FEW
    if column.kind == "float" or column.distinct < rows:
        return False
    called_so = re.search(r"(^|[_\W])(id|index|key|uuid)$", column.name.lower()) is not None
    return called_so or column.high - column.low + 1 == rows


def code(value: str | tuple[str, ...]) -> str:
    """`value` as Python source, with double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return f"({', '.join(map(code, value))}{',' if len(value) == 1 else ''})"
