"""`millrace runs`."""

from __future__ import annotations

import json

import click

from pipeline.cli.console import console, duration, table
from pipeline.cli.options import json_option, root_option
from pipeline.runs import RunRecord, list_runs


@click.command()
@root_option
@json_option
def runs(root: str, as_json: bool) -> None:
    """List the runs under a root, newest first."""
    found = list_runs(root)[::-1]
    if as_json:
        rows = [record.model_dump(mode="json", exclude={"nodes", "config_json"}) for record in found]
        print(json.dumps(rows, indent=2))
        return
    listing = table("run", "pipeline", "span", "state", "started", "took", "model")
    for record in found:
        listing.add_row(
            record.id,
            record.pipeline,
            "" if record.span is None else str(record.span),
            record.state,
            f"{record.started:%Y-%m-%d %H:%M:%S}",
            duration((record.finished - record.started).total_seconds()) if record.finished else "",
            _model(record),
        )
    console().print(listing if found else f"no runs under {root}")


def _model(record: RunRecord) -> str:
    if record.pushed:
        return f"pushed to {record.pushed}"
    return {None: "", True: "blessed", False: "rejected"}[record.blessed]
