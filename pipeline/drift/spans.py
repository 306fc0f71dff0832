"""The statistics that runs have made of the spans of a pipeline, from ML Metadata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.drift.refused import refused
from pipeline import connection
from pipeline.config import Config
from pipeline.nodes.drift import gates
from pipeline.statistics.counted import Counted, counted


@dataclass(frozen=True)
class Usual:
    """What earlier spans were like.

    Attributes:
        files: (span, file of its training split's statistics), oldest first.
        refused: spans that a gate stopped, and did not let pass since.
    """

    files: Sequence[tuple[int, str]]
    refused: Sequence[int]


def statistics_by_span(config: Config, root: str) -> list[tuple[int, str]]:
    """(span, file of its training split's statistics) for each that a run of the pipeline has seen, oldest first.

    Of several statistics of a span the newest count. What was pruned is left out; a root without runs has none.
    """
    return _newest(counted(config.name, root))


def usual(config: Config, root: str) -> Usual:
    """Those of `statistics_by_span` that are baselines: what a gate stopped is none."""
    there = counted(config.name, root)
    if not there:
        return Usual([], [])
    store = connection.store(root)
    stopped = refused(store, [each.id for each in there], gates(config))
    files = _newest([each for each in there if each.id not in stopped])
    return Usual(files, sorted({each.span for each in there} - {span for span, _ in files}))


def _newest(found: Sequence[Counted]) -> list[tuple[int, str]]:
    return sorted({each.span: each.file("train") for each in found}.items())
