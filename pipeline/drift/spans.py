"""The statistics that runs have made of the spans of a pipeline, from ML Metadata."""

from __future__ import annotations

from pipeline.config import Config
from pipeline.statistics.counted import counted


def statistics_by_span(config: Config, root: str) -> list[tuple[int, str]]:
    """(span, file of its training split's statistics) for each that a run of the pipeline has seen, oldest first.

    Of several statistics of a span the newest count. What was pruned is left out; a root without runs has none.
    """
    return sorted({each.span: each.file("train") for each in counted(config.name, root)}.items())
