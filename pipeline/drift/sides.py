"""Two paths compared."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import datetime
import os
import tempfile
from collections.abc import Mapping, Sequence

import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2

from components import anomalies
from components.anomalies import Anomaly
from components.drift import anomalous_rows
from components.drift.compare import Role
from components.drift.history import Step, steps
from components.drift.join_rows import Joining, join
from components.drift.report import Report, Side, report
from components.drift.row_skew import RowSkew
from components.drift.thresholds import Kind
from components.errors import InputError
from components.statistics.files import Statistics
from components.statistics.slices import whole
from pipeline.paths import absolute
from pipeline.schema import files as schemas
from pipeline.statistics.rows import Rows
from pipeline.statistics.sources import File, Reading, Source, opened, short, statistics

_MOST_SLICES = 20
"""Of a column: the most frequent values of both sides together."""
_MOST_PAIRS = 10
_MOST_ROWS = 5
"""Of an anomaly."""


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What is to be compared beside the features.

    Attributes:
        schema: a file whose comparators of this kind are the thresholds.
        roles: of the columns that are labels or predictions.
        slices: columns, each of whose values is a slice.
        key: columns that tell which rows are the same; none: rows are not compared one by one.
        rows: whether rows that differ or break the schema are shown.
        environment: of the schema, in which the current data is held against it.
        earlier: paths of what was there before the baseline, oldest first, for the trend.
    """

    schema: str | None
    kind: Kind
    roles: Mapping[str, Role] = dataclasses.field(default_factory=dict)
    slices: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    rows: bool = False
    environment: str | None = None
    earlier: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Compared:
    """A report with the statistics that it is made of."""

    report: Report
    baseline: Statistics
    current: Statistics


def compare(baseline: str, current: str, reading: Reading, wanted: Wanted) -> Compared:
    """The report on two paths, as `sources.opened` understands them.

    Raises:
        InputError: one of them or the schema is of no use.
    """
    schema = schemas.load(wanted.schema) if wanted.schema else None
    notes = ["the baseline and the current data are the same"] if _same(baseline, current) else []
    with contextlib.ExitStack() as stack:
        before, after = (stack.enter_context(opened(absolute(path), reading)) for path in (baseline, current))
        skew = row_skew(before, after, wanted.key, wanted.rows) if wanted.key else None
        values = {column: _values(column, before, after, notes) for column in wanted.slices}
        left, right = _side(baseline, before, values), _side(current, after, values)
        broken = _anomalies(after, right[1], schema, wanted) if schema else []
    try:
        found = report(left, right, schema, wanted.kind, wanted.roles)
    except InputError as error:
        raise InputError(f"{wanted.schema}: {error}" if wanted.schema else str(error)) from error
    history = _history(wanted.earlier, reading, left, right) if wanted.earlier else ()
    whole_report = dataclasses.replace(
        found, row_skew=skew, notes=(*found.notes, *notes), anomalies=broken, history=history
    )
    return Compared(whole_report, left[1], right[1])


def _history(paths: Sequence[str], reading: Reading, *sides: tuple[Side, Statistics]) -> list[Step]:
    """How it went over the earlier data to the two sides."""
    past = [(short(path), statistics(absolute(path), reading)) for path in paths]
    return steps([(name, whole(found)) for name, found in (*past, *((side.name, found) for side, found in sides))])


def _anomalies(
    source: Source,
    counted: Statistics,
    schema: schema_pb2.Schema,
    wanted: Wanted,
) -> list[Anomaly]:
    found = anomalies.find(counted, schema, wanted.environment)
    if not wanted.rows or not found or isinstance(source, File):
        return found
    rows = source.some(anomalous_rows.AnomalousRows(found, schema, wanted.environment, _MOST_ROWS))
    return anomalous_rows.attach(found, rows)


def _same(baseline: str, current: str) -> bool:
    return os.path.realpath(baseline) == os.path.realpath(current)


def _side(path: str, source: Source, slices: Mapping[str, Sequence[str]]) -> tuple[Side, Statistics]:
    found = source.statistics(slices)
    return Side(short(path), path, int(whole(found).num_examples), made=_made(source)), found


def _made(source: Source) -> datetime.datetime | None:
    if isinstance(source, Rows):
        return None
    seconds = tf.io.gfile.stat(source.path).mtime_nsec / 1e9
    written = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return written.replace(microsecond=0)


def _values(column: str, baseline: Source, current: Source, notes: list[str]) -> Sequence[str]:
    """The same for both sides, so that a value is not left out on one of them only because others are more frequent."""
    made_before = [each.values(column) for each in (baseline, current) if isinstance(each, File)]
    if made_before:
        return sorted({value for values in made_before for value in values})
    counts: collections.Counter[str] = collections.Counter()
    for each in (baseline, current):
        counts.update(each.values(column))
    if not counts:
        raise InputError(f"--slice {column}: it has no values on either side, so that there is nothing to slice by")
    if len(counts) > _MOST_SLICES:
        notes.append(f"{column}: the {_MOST_SLICES} most frequent of {len(counts)} values or more are slices")
    return [value for value, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:_MOST_SLICES]]


def row_skew(baseline: Source, current: Source, key: Sequence[str], shown: bool) -> RowSkew:
    """Rows with the same key compared one by one; `shown`: with some of those that differ.

    Raises:
        InputError: one of the sides has no rows or no such key, or their keys have different types.
    """
    for each in (baseline, current):
        if isinstance(each, File):
            raise InputError(f"--key: {each.path} holds statistics, not rows. Name files of data on both sides")
    assert isinstance(baseline, Rows)
    assert isinstance(current, Rows)
    for column in key:
        baseline.check_column(column, "key")
        current.check_column(column, "key")
        if baseline.kinds[column] != current.kinds[column]:
            raise InputError(
                f"--key {column}: {baseline.kinds[column]} in {baseline.path}, {current.kinds[column]} in "
                f"{current.path}: rows of different types are never the same"
            )
    mixed = [name for name, kind in baseline.kinds.items() if {kind, current.kinds.get(name)} == {"int", "float"}]
    # A column of one side differs in every row, and the report says already that it is gone.
    ignored = {*baseline.reading.images, *(baseline.kinds.keys() ^ current.kinds.keys())}
    how = Joining(key, mixed, ignored, _MOST_PAIRS if shown else 0)
    with tempfile.TemporaryDirectory(prefix="millrace-rows-") as folder:
        return join(baseline.pattern, current.pattern, how, folder, baseline.reading.beam_args)
