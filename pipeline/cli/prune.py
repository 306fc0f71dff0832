"""`millrace prune`."""

from __future__ import annotations

import datetime

import click

from pipeline.cli.console import console
from pipeline.cli.options import root_option


@click.command()
@root_option
@click.option("--keep", default=10, show_default=True, type=click.IntRange(min=0), help="The newest runs always stay.")
@click.option(
    "--older-than",
    "days",
    default=30.0,
    show_default=True,
    metavar="DAYS",
    type=click.FloatRange(min=0),
    help="Younger runs always stay.",
)
@click.option("--yes", is_flag=True, help="Remove them; without it nothing is removed.")
def prune(root: str, keep: int, days: float, yes: bool) -> None:
    """Remove old runs and the artifacts that only they need.

    A blessed or pushed model, and what made and judged it, always stays. Without --yes this only says what would go.
    """
    # Only now: the metadata store's client takes a second to import.
    from pipeline.runners.pruning import prune as prune_runs

    pruned = prune_runs(root, keep, datetime.timedelta(days=days), dry_run=not yes)
    to = console()
    for line in (*pruned.runs, *pruned.paths):
        to.print(line, soft_wrap=True)
    what = f"{len(pruned.runs)} runs, {len(pruned.paths)} folders, {pruned.bytes / 2**20:,.1f} MiB"
    to.print(f"removed {what}" if yes else f"would remove {what}; add --yes to do so")
