"""Decisions on the whole span, from the facts of its parts."""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from components.errors import InputError
from components.example_gen import record_types
from components.example_gen.cells import Kind
from components.example_gen.facts import SAMPLE, BadRow, Column, Plan, Range, RangeFacts, Summary, Typed
from components.example_gen.readers import reader
from components.example_gen.settings import Settings
from components.example_gen.splits import GroupSplits, TimeSplits, column_of

_MOSTLY = 0.9
"""A text column with at least this share of numbers is worth a note."""


def make_plan(looks: list[tuple[str, Any]], settings: Settings) -> Plan:
    """All ranges of the span, numbered in the order of the files' names."""
    errors = sorted({facts for _, facts in looks if isinstance(facts, str)})
    if errors:
        return Plan(error="\n".join(errors[:SAMPLE]))
    by_file: dict[str, list[Any]] = defaultdict(list)
    for file, facts in looks:
        by_file[file].append(facts)
    source = reader(settings)
    try:
        ranges = [part for file in sorted(by_file) for part in source.plan(by_file[file])]
        _check_headers(ranges)
        if ranges[0].columns:
            _check_names(ranges[0].columns, settings)
    except InputError as error:
        return Plan(error=str(error))
    numbered = (dataclasses.replace(part, index=index, count=len(ranges)) for index, part in enumerate(ranges))
    return Plan(tuple(numbered))


def summarise(surveys: list[RangeFacts], plan: Plan, settings: Settings) -> Summary:
    """The types to write with, or the first reason not to write."""
    surveys = sorted(surveys, key=lambda facts: facts.index)
    errors = [facts.error for facts in surveys if facts.error]
    if plan.error or errors:
        return Summary(error=plan.error or "\n".join(errors[:SAMPLE]))
    rows, bad = sum(facts.rows for facts in surveys), sum(facts.bad for facts in surveys)
    columns: dict[str, tuple[str, Column]] = {}
    for facts in surveys:
        for name, column in facts.columns.items():
            columns[name] = _merge(columns[name], (facts.file, column)) if name in columns else (facts.file, column)
    kinds = {name: column.inferred.kind for name, (_, column) in columns.items()}
    types: dict[str, Typed] = {}
    try:
        for facts in surveys:
            record_types.add(types, facts.types)
        _check_rows(surveys, settings)
        _check_names(kinds, settings)
        check_budget([row for facts in surveys for row in facts.first_bad], rows, bad, settings)
        _check_splits(kinds, settings)
    except InputError as error:
        return Summary(rows=rows, bad=bad, error=str(error))
    kinds.update(dict.fromkeys(settings.text_columns, Kind.BYTES))
    notes = tuple(_notes(columns, settings))
    return Summary(kinds, rows, bad, notes)


def _merge(first: tuple[str, Column], second: tuple[str, Column]) -> tuple[str, Column]:
    """Both together, with the file in which the first text cell stands."""
    merged = first[1].merge(second[1])
    return (first[0] if merged.place == first[1].place else second[0]), merged


def _check_headers(ranges: Sequence[Range]) -> None:
    first = ranges[0]
    for other in ranges:
        if other.columns == first.columns:
            continue
        missing = [name for name in first.columns if name not in other.columns]
        extra = [name for name in other.columns if name not in first.columns]
        what = [f"it lacks {', '.join(missing)}"] if missing else []
        what += [f"it adds {', '.join(extra)}"] if extra else []
        raise InputError(
            f"{other.file}: the header differs from that of {first.file}: "
            f"{' and '.join(what) or 'the columns are in another order'}. All files of a span need the same header"
        )


def _check_rows(surveys: Sequence[RangeFacts], settings: Settings) -> None:
    rows = Counter({facts.file: 0 for facts in surveys})
    for facts in surveys:
        rows[facts.file] += facts.rows + facts.bad
    empty = [file for file, count in rows.items() if not count]
    # A CSV file without rows is an accident; an empty shard among others is not.
    if empty and (settings.format == "csv" or len(empty) == len(rows)):
        raise InputError(
            f"{', '.join(empty[:SAMPLE])}: there is a header at most, but no row. Remove the file, or add rows"
        )


def check_budget(first_bad: Sequence[BadRow], rows: int, bad: int, settings: Settings) -> None:
    """Raises InputError where there are more bad rows than allowed; `first_bad` are shown."""
    allowed = settings.allowed(rows + bad)
    if bad <= allowed and (rows or not bad):
        return
    first = [str(row) for row in first_bad[:SAMPLE]]
    more = f"\n  … and {bad - len(first)} more" if bad > len(first) else ""
    listed = "".join(f"\n  {row}" for row in first)
    if not rows:
        raise InputError(
            f"none of the {bad} rows can be used:{listed}{more}\n"
            "Correct the data, or the config if it names other columns or another format than the data has"
        )
    raise InputError(
        f"{bad} of {rows + bad} rows cannot be used, and data.bad_rows allows {allowed}:{listed}{more}\n"
        f"Correct them, or set data.bad_rows to {bad} or more (or to a share of all rows, below 1.0) to put them "
        "into quarantine and go on"
    )


def _check_names(names: Collection[str], settings: Settings) -> None:
    column = column_of(settings.splits)
    wanted = [("data.splits.column", column)] if column is not None else []
    wanted += [("data.text_columns", name) for name in settings.text_columns]
    for field, name in wanted:
        if name not in names:
            raise InputError(f"{field}: the data has no column {name!r}. It has: {', '.join(names)}")


def _check_splits(kinds: Mapping[str, Kind], settings: Settings) -> None:
    if isinstance(settings.splits, (GroupSplits, TimeSplits)):
        text = settings.splits.column in settings.text_columns
        settings.splits.check(Kind.BYTES if text else kinds[settings.splits.column])


def _notes(columns: Mapping[str, tuple[str, Column]], settings: Settings) -> list[str]:
    """Columns that became text although nearly all their cells are numbers."""
    notes = []
    for name, (file, column) in columns.items():
        found = column.inferred
        mixed = found.kind == Kind.BYTES and found.text_row is not None and name not in settings.text_columns
        if mixed and found.numbers >= _MOSTLY * found.cells:
            notes.append(
                f"column {name!r} became text, though {found.numbers} of its {found.cells} values are numbers: "
                f"{file}, {column.place} holds {found.text!r}"
            )
    return notes
