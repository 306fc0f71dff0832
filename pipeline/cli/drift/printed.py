"""A report on the terminal: what does not pass, and the verdict below it."""

from __future__ import annotations

from collections.abc import Iterator

from components.drift.report import Report
from components.drift.state import State
from components.drift.words import alarm, not_comparable, row_alarm


def lines(report: Report) -> Iterator[str]:
    """All but the verdict."""
    yield from report.notes
    yield from _features(report)
    yield from _slices(report)
    yield from _rows(report)
    yield from _anomalies(report)


def _features(report: Report) -> Iterator[str]:
    for result in report.results:
        if result.state is State.DRIFT:
            yield alarm(result)
        elif result.state is State.NOT_COMPARABLE:
            yield not_comparable(result.name, result.why)


def _slices(report: Report) -> Iterator[str]:
    """Their alarms; of those that say nothing at all the reason."""
    for name, results in report.slices.items():
        yield from (alarm(each, name) for each in results if each.state is State.DRIFT)
    for name, why in report.incomparable_slices.items():
        yield not_comparable(name, why)


def _rows(report: Report) -> Iterator[str]:
    if report.row_skew is None:
        return
    for each in report.row_skew.exceeded:
        yield row_alarm(each)
    for pair in report.row_skew.rows:
        for side, row in (("baseline", pair.baseline), ("current", pair.current)):
            yield f"  {side}: {', '.join(f'{name}={value}' for name, value in row.items())}"


def _anomalies(report: Report) -> Iterator[str]:
    """What breaks the schema. It is told and does not end the command with another code: drift is what was asked."""
    for each in report.anomalies:
        yield f"anomaly: {each.feature or 'the data set'}: {each.short}: {each.long}"
        for row in each.rows:
            yield f"  {', '.join(f'{name}={value}' for name, value in row.items())}"
