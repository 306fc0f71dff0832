"""`millrace rollback`."""

from __future__ import annotations

import click

from components.pusher.versions import rollback as withdraw_current
from pipeline.cli.console import console
from pipeline.cli.options import at_root
from pipeline.config.load import load


@click.command()
@click.argument("config")
@click.option("--root", metavar="DIR", type=click.Path(file_okay=False), help="The root that the runs were given.")
def rollback(config: str, root: str | None) -> None:
    """Withdraw the version that CONFIG's serving directory serves, so that the one before it is served again."""
    serving = at_root(load(config), root).serving_path
    console().print(f"{serving} serves version {withdraw_current(serving)} again")
