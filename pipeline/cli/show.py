"""`millrace show`."""

from __future__ import annotations

import click
from rich.console import Console
from rich.text import Text

from components.errors import InputError
from pipeline.cli import tuning
from pipeline.cli.console import console, duration, table
from pipeline.cli.drift.facts import facts as drift_facts
from pipeline.cli.notices import notices
from pipeline.cli.options import json_option, root_option
from pipeline.runs import RunRecord, list_runs, load_run


@click.command()
@click.argument("run", required=False)
@root_option
@json_option
def show(run: str | None, root: str, as_json: bool) -> None:
    """Show a run, the newest where RUN is not given: its nodes, why each ran or was cached, its artifacts."""
    record = load_run(root, run) if run else _newest(root)
    if as_json:
        print(record.model_dump_json(indent=2))
    else:
        _print(record, console())


def _newest(root: str) -> RunRecord:
    found = [record for record in list_runs(root) if not record.parent]
    if not found:
        raise InputError(f"no runs under {root}; name another root with --root")
    return found[-1]


def _print(record: RunRecord, to: Console) -> None:
    took = f", {duration((record.finished - record.started).total_seconds())}" if record.finished else ""
    span = "" if record.span is None else f", span {record.span}"
    to.print(Text(f"run {record.id}: {record.pipeline}{span}, {record.state}{took}", style="bold"), soft_wrap=True)
    nodes = table("node", "state", "time", "memory", "why", right=("time", "memory"))
    for node in record.nodes:
        memory = f"{node.peak_memory / 2**20:,.0f} MiB" if node.peak_memory else ""
        nodes.add_row(node.id, node.state, duration(node.seconds), memory, node.reason)
    to.print(nodes)
    for name, value in (*tuning.facts(record), *drift_facts(record)):
        to.print(f"{name}: {value}", soft_wrap=True)
    artifacts = table("artifact", "path")
    for node in record.nodes:
        for key, uris in node.artifacts.items():
            for uri in uris:
                artifacts.add_row(f"{node.id}.{key}", uri)
    to.print()
    to.print(artifacts)
    for notice in notices(record):
        to.print()
        to.print(f"warning: {notice}", soft_wrap=True)
    for node in record.nodes:
        if node.error:
            to.print()
            to.print(f"{node.id} failed: {node.error}", soft_wrap=True)
            to.print(f"log: {node.log}", soft_wrap=True)
