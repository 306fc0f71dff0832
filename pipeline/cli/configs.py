"""`millrace configs`."""

from __future__ import annotations

import click

from pipeline.cli.console import console, table
from pipeline.config.load import names


@click.command()
def configs() -> None:
    """List the shipped configs. A path to a Python file of your own works wherever one of these names does."""
    listing = table("config", "what it does")
    for name, summary in names().items():
        listing.add_row(name, summary)
    console().print(listing)
