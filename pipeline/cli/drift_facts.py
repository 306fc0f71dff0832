"""What a run, and the data it is on, came to when it was compared with other data."""

from __future__ import annotations

import os
from collections.abc import Iterator

from components.drift.result import FILE, Comparison, Comparisons
from pipeline.runs import RunRecord

NODES = ("Drift", "PredictionDrift")


def comparisons(record: RunRecord) -> Iterator[tuple[Comparison, str]]:
    """Each comparison with its page; none where the run did not get so far."""
    for node in NODES:
        folder = record.folder_with(node, "reports", FILE)
        if folder is None:
            continue
        with open(os.path.join(folder, FILE), encoding="utf-8") as file:
            found = Comparisons.model_validate_json(file.read())
        yield from ((each, os.path.join(folder, each.page)) for each in found.comparisons)


def facts(record: RunRecord) -> list[tuple[str, str]]:
    """A line for each comparison, with the name of its state: what it found, and its page."""
    return [
        ("drift", f"{each.title}: {each.state}. {each.verdict}: {page}")
        if each.state != "no baseline"
        else ("drift", f"{each.title}: no baseline: {page}")
        for each, page in comparisons(record)
    ]
