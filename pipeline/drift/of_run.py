"""What the comparisons of a run came to. Imports nothing heavy."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from components.drift.result import FILE, Comparison, Comparisons
from components.errors import ExitCode
from pipeline.runs import RunRecord

NODES = ("Drift", "PredictionDrift")


@dataclass(frozen=True)
class Told:
    """A comparison, the span it is about (None where data has no spans), and the folder of the node's output."""

    comparison: Comparison
    span: int | None
    folder: str

    @property
    def page(self) -> str:
        """The path of its page."""
        return os.path.join(self.folder, self.comparison.page)


def comparisons(record: RunRecord) -> list[Told]:
    """All of them, in order; none where the run did not get so far."""
    told = []
    for node in NODES:
        folder = record.folder_with(node, "reports", FILE)
        if folder is not None:
            with open(os.path.join(folder, FILE), encoding="utf-8") as file:
                found = Comparisons.model_validate_json(file.read())
            told += [Told(each, found.span, folder) for each in found.comparisons]
    return told


def exit_code(found: Sequence[Told]) -> ExitCode:
    """GATE where anything drifted, else what else keeps one of them from being a pass."""
    states = {each.comparison.state for each in found}
    if "drift" in states:
        return ExitCode.GATE
    if "not comparable" in states:
        return ExitCode.NOT_COMPARABLE
    return ExitCode.NO_BASELINE if "no baseline" in states else ExitCode.OK
