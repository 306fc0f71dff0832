"""`millrace rollback`."""

from __future__ import annotations

import click

from pipeline.cli.console import console
from pipeline.cli.options import at_root
from pipeline.config.load import load


@click.command()
@click.argument("config")
@click.option("--root", metavar="DIR", type=click.Path(file_okay=False), help="The root that the runs were given.")
def rollback(config: str, root: str | None) -> None:
    """Make the version before the current one the newest in the serving directory of CONFIG, so that it is served."""
    from components.pusher.versions import rollback as roll_back

    console().print(f"now serving {roll_back(at_root(load(config), root).serving_path)}")
