"""What a run's Tuner found, in two lines."""

from __future__ import annotations

import os

from components.trials import FILE, PLOT, in_one_line, load
from pipeline.runs import RunRecord


def facts(record: RunRecord) -> list[tuple[str, str]]:
    """The best values and where the plot of the trials is; nothing for a run without a search."""
    folder = record.folder_with("Tuner", "tuner_results", FILE)
    if folder is None:
        return []
    found = load(folder)
    assert found.best is not None  # a search without one fails
    best, failed = found.trials[found.best], sum(trial.score is None for trial in found.trials)
    of = f"trial {found.best + 1} of {len(found.trials)}{f', {failed} failed' if failed else ''}"
    return [
        ("best values", f"{in_one_line(best.values)} ({found.objective} {best.score:.4f}, {of})"),
        ("trials", os.path.join(folder, PLOT)),
    ]
