"""Earlier spans of a window that still have to be ingested: runs of their own, before the one that needs them."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
from collections.abc import Iterator
from typing import Any

from components.errors import InputError
from components.example_gen import patterns, span_files
from pipeline import runs
from pipeline.config import Config
from pipeline.layout import Layout
from pipeline.runners import attempts, walk
from pipeline.runners.engine import Engine
from pipeline.runners.plan import Plan
from pipeline.runs import RunRecord


@dataclasses.dataclass(frozen=True)
class Part:
    """The run of one earlier span."""

    config: Config
    record: RunRecord


def ingest(engine: Engine, config: Config, plan: Plan, record: RunRecord) -> dict[str, Any]:
    """Ingest what `record`, of which `plan` is the plan, needs of earlier spans.

    Returns what fails its run: fields of its record, or nothing.
    """
    done = []
    for part in parts(config, record, plan.earlier_spans):
        done.append(_run(walk.Walk(engine, part.config, part.record, ()), config.root_path))
        if done[-1].error:
            error = f"span {part.config.data.span}: {done[-1].error}"
            return {"state": "failed", "error": error, "exit_code": done[-1].exit_code}
    for each in done:  # those that did nothing leave no record
        if all(node.state in ("cached", "skipped") for node in each.nodes):
            shutil.rmtree(Layout(config.root_path).run(each.id))
    return {}


def _run(part: walk.Walk, root: str) -> RunRecord:
    try:
        record = attempts.ended(part())
    except KeyboardInterrupt:
        runs.save(root, part.record.model_copy(update={"state": "interrupted", "finished": attempts.now()}))
        raise
    runs.save(root, record)
    return record


def parts(config: Config, record: RunRecord, last: str) -> Iterator[Part]:
    """The runs to do before `record`, oldest span first, each up to the node `last`.

    What is ingested already comes out of the cache there.
    """
    for span in _earlier_spans(config):
        data = config.data.model_copy(update={"span": span, "window": 1})
        mine = record.model_copy(
            update={
                "id": f"{record.id}-span-{span}",
                "parent": record.id,
                "first": None,
                "last": last,
            }
        )
        yield Part(config.model_copy(update={"data": data}), _continued(config.root_path, mine))


def _earlier_spans(config: Config) -> list[int]:
    path = config.resolve(config.data.path)
    if config.data.window == 1 or not patterns.has_span(path):
        return []
    spans = span_files.spans(path)
    newest = config.data.span if config.data.span is not None else max(spans, default=0)
    return sorted(span for span in spans if span < newest)[1 - config.data.window :]


def _continued(root: str, record: RunRecord) -> RunRecord:
    """`record`, with the nodes of an earlier attempt at it where there was one."""
    with contextlib.suppress(InputError):
        before = runs.load_run(root, record.id)
        return record.model_copy(update={"nodes": before.nodes, "attempt": before.attempt + 1})
    os.makedirs(Layout(root).logs(record.id))
    return record.model_copy(update={"nodes": (), "attempt": 1})
