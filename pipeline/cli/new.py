"""`millrace new`."""

from __future__ import annotations

import click

from pipeline.cli.console import console
from pipeline.new.write import new as write_config


@click.command()
@click.argument("data", metavar="DATA.csv")
@click.option("--label", metavar="COLUMN", help="What to predict; not given: label, target, class, or the last column.")
@click.option("--out", metavar="FILE.py", help="The config to write; named after the data, in the working directory.")
@click.option("--delimiter", metavar="CHAR", help="What separates cells; found in the header where not given.")
@click.option("--force", is_flag=True, help="Overwrite the config.")
def new(data: str, label: str | None, out: str | None, delimiter: str | None, force: bool) -> None:
    """Look at a CSV file (plain or .gz) and write a commented config that runs as it is."""
    path = write_config(data, out=out, label=label, delimiter=delimiter, force=force)
    console().print(f"wrote {path}; read it, then: millrace run {path}")
