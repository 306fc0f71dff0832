"""`millrace predict`."""

from __future__ import annotations

import dataclasses
import functools
import os
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, get_args

import click
from rich.console import Console

from components.pusher import versions
from pipeline.cli.console import console, quiet
from pipeline.cli.options import at_root
from pipeline.cli.progress import Lines
from pipeline.config.config import Config
from pipeline.config.load import load
from pipeline.layout import Layout
from pipeline.paths import absolute
from pipeline.prediction.formats import InputFormat, OutputFormat
from pipeline.runners.events import NodeProgress

if TYPE_CHECKING:
    from pipeline.beam import Pipelines
    from pipeline.prediction.predict import Run


@click.command()
@click.argument("model", metavar="CONFIG_OR_MODEL")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option("--out", metavar="DIR", required=True, help="The folder for the predictions; it must not hold any yet.")
@click.option("--root", metavar="DIR", type=click.Path(file_okay=False), help="The root that the runs were given.")
@click.option("--format", type=click.Choice(get_args(InputFormat)), help="Of the inputs; not given: by their names.")
@click.option(
    "--output-format",
    type=click.Choice(get_args(OutputFormat)),
    help="Of the predictions; not given: csv for CSV files, jsonl for others. tfrecord is for TFRecord files.",
)
@click.option("--batch-size", default=1024, show_default=True, type=click.IntRange(min=1), help="Rows at a time.")
def predict(
    model: str,
    inputs: tuple[str, ...],
    out: str,
    root: str | None,
    format: InputFormat | None,
    output_format: OutputFormat | None,
    batch_size: int,
) -> None:
    """Send the rows of files through a pushed model: CSV, TFRecord, JSON Lines or Parquet.

    CONFIG_OR_MODEL is a config, whose current version is taken, or the folder of a model.
    """
    folder, config = _model(model, root)
    with quiet() as output:
        # Only now: TensorFlow takes seconds, and it writes to the terminal.
        from pipeline.prediction.predict import predict as send

        done = send(
            folder,
            [absolute(path) for path in inputs],
            os.path.abspath(out),
            format=format,
            output_format=output_format,
            batch_size=batch_size,
            delimiter=config.data.delimiter if config else ",",
            run=_runner(config, (folder, *inputs), out, console(output.stream)),
        )
        console(output.stream).print(f"{done.rows:,} predictions of {folder} in {out}")


def _model(model: str, root: str | None) -> tuple[str, Config | None]:
    """The folder of the model, and the config where that was named."""
    if os.path.isfile(os.path.join(model, "saved_model.pb")):
        return os.path.abspath(model), None
    config = at_root(load(model), root)
    version = versions.current(config.serving_path)
    return versions.path_of(config.serving_path, version), config


def _runner(config: Config | None, read: Iterable[str], out: str, console: Console) -> Run:
    """What runs the pipeline, as the node of a run that does the same."""
    from pipeline import beam
    from pipeline.prediction import steps
    from pipeline.runners import predicting

    if config is None:
        return functools.partial(steps.run, beam_args=beam.here())
    pipelines = _pipelines(config, read, out)
    if not pipelines.flink:
        return functools.partial(steps.run, beam_args=pipelines.args)
    lines = Lines(console)
    return functools.partial(
        predicting.run,
        pipelines=pipelines,
        log=os.path.join(Layout(config.root_path).beam, f"{pipelines.name}.log"),
        report=lambda fields: lines(NodeProgress("predict", fields)),
    )


def _pipelines(config: Config, read: Iterable[str], out: str) -> Pipelines:
    from components.example_gen.patterns import divide
    from pipeline.beam import of_node

    node = of_node(config, "Predictions", f"predict-{uuid.uuid4().hex}")
    folders = tuple(divide(absolute(path))[0] for path in read)
    return dataclasses.replace(node, read=folders, shared=(*node.shared, os.path.abspath(out)))
