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
    folder = _folder(model, root)
    with quiet() as output:
        # Only now: TensorFlow takes seconds, and it writes to the terminal.
        from pipeline.predict import predict as send

        done = send(folder, [os.path.abspath(path) for path in inputs], os.path.abspath(out))
        console(output.stream).print(f"{done.rows:,} predictions of {folder} in {out}")


def _folder(model: str, root: str | None) -> str:
    if os.path.isfile(os.path.join(model, "saved_model.pb")):
        return os.path.abspath(model)
    serving = at_root(load(model), root).serving_path
    return versions.path_of(serving, versions.current(serving))
