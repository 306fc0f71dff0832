"""Earlier spans of a window that still have to be ingested: runs of their own, before the one that needs them."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator

from components.errors import InputError
from components.example_gen import patterns
from pipeline import graph, runs
from pipeline.config import Config
from pipeline.layout import Layout
from pipeline.runs import RunRecord


@dataclasses.dataclass(frozen=True)
class Part:
    """The run of one earlier span."""

    config: Config
    record: RunRecord


def parts(config: Config, record: RunRecord) -> Iterator[Part]:
    """The runs to do before `record`, oldest span first. What is ingested already comes out of the cache there."""
    for span in _earlier_spans(config):
        data = config.data.model_copy(update={"span": span, "window": 1})
        mine = record.model_copy(
            update={
                "id": f"{record.id}-span-{span}",
                "parent": record.id,
                "first": None,
                "last": graph.node_of_earlier_spans(config),
            }
        )
        yield Part(config.model_copy(update={"data": data}), _continued(config.root_path, mine))


def _earlier_spans(config: Config) -> list[int]:
    path = config.resolve(config.data.path)
    if config.data.window == 1 or not patterns.has_span(path):
        return []
    spans = patterns.spans(path)
    newest = config.data.span if config.data.span is not None else max(spans, default=0)
    return sorted(span for span in spans if span < newest)[1 - config.data.window :]


def _continued(root: str, record: RunRecord) -> RunRecord:
    """`record`, with the nodes of an earlier attempt at it where there was one."""
    with contextlib.suppress(InputError):
        before = runs.load_run(root, record.id)
        return record.model_copy(update={"nodes": before.nodes, "attempt": before.attempt + 1})
    os.makedirs(Layout(root).logs(record.id))
    return record.model_copy(update={"nodes": (), "attempt": 1})
