"""What the comparisons of a run came to. Imports nothing heavy."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import pydantic

from components.drift.result import FILE, Comparison, Comparisons
from components.errors import ExitCode, InputError, worst
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
    """All of them, in order; none where the run did not get so far.

    Raises:
        InputError: a file of them cannot be read; names it.
    """
    told = []
    for node in NODES:
        folder = record.folder_with(node, "reports", FILE)
        if folder is not None:
            found = _read(os.path.join(folder, FILE))
            told += [Told(each, found.span, folder) for each in found.comparisons]
    return told


def _read(path: str) -> Comparisons:
    try:
        with open(path, encoding="utf-8") as file:
            return Comparisons.model_validate_json(file.read())
    except (OSError, pydantic.ValidationError) as error:
        raise InputError(f"{path}: expected what {' and '.join(NODES)} write, but: {error}") from error


def exit_code(found: Sequence[Told]) -> ExitCode:
    """The worst that any of them came to; only where all pass is it OK."""
    return worst(each.comparison.state.exit_code for each in found)
