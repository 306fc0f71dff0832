"""`millrace predict`."""

from __future__ import annotations

import os

import click

from components.pusher import versions
from pipeline.cli.console import console, quiet
from pipeline.cli.options import at_root
from pipeline.config.load import load


@click.command()
@click.argument("model", metavar="CONFIG_OR_MODEL")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option("--out", metavar="DIR", required=True, help="The folder for the predictions; it must not hold any yet.")
@click.option("--root", metavar="DIR", type=click.Path(file_okay=False), help="The root that the runs were given.")
def predict(model: str, inputs: tuple[str, ...], out: str, root: str | None) -> None:
    """Send the rows of CSV or TFRecord files through a pushed model.

    CONFIG_OR_MODEL is a config, whose current version is taken, or the folder of a model.
    """
    folder, delimiter = _model(model, root)
    with quiet() as output:
        # Only now: TensorFlow takes seconds, and it writes to the terminal.
        from pipeline.predict import predict as send

        done = send(folder, [_absolute(path) for path in inputs], os.path.abspath(out), delimiter=delimiter)
        console(output.stream).print(f"{done.rows:,} predictions of {folder} in {out}")


def _model(model: str, root: str | None) -> tuple[str, str]:
    """The folder of the model, and what separates cells in CSV files for it."""
    if os.path.isfile(os.path.join(model, "saved_model.pb")):
        return os.path.abspath(model), ","
    config = at_root(load(model), root)
    return versions.path_of(config.serving_path, versions.current(config.serving_path)), config.data.delimiter


def _absolute(path: str) -> str:
    return path if "://" in path else os.path.abspath(path)
