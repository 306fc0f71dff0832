"""What a run's data came to when it was compared with other data, for its summary."""

from __future__ import annotations

from components.drift.state import State
from pipeline.drift.of_run import Told, comparisons
from pipeline.runs import RunRecord


def facts(record: RunRecord) -> list[tuple[str, str]]:
    """A line for each comparison."""
    return [("drift", line(each)) for each in comparisons(record)]


def line(told: Told) -> str:
    """The sides, the state, what was found, and the page."""
    found = told.comparison
    verdict = "" if found.state is State.NO_BASELINE else f" ({found.verdict})"
    return f"{found.title}: {found.state}{verdict}: {told.page}"
