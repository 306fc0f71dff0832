"""`millrace compile`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import click
from rich.table import Table

from components.errors import InputError
from pipeline.cli.compiling import compiled
from pipeline.cli.console import console, table
from pipeline.cli.options import check_texts, cluster_option
from pipeline.config import Config
from pipeline.config.load import for_cluster
from pipeline.kubeflow.compiler import Compiled
from pipeline.kubeflow.placement import described


@click.command("compile")
@click.argument("config")
@click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="Override a field of the config.")
@cluster_option
@click.option(
    "--out", metavar="FILE", type=click.Path(dir_okay=False), help="The file to write; NAME.yaml if not given."
)
@click.option("--explain", is_flag=True, help="Show where each step runs, and why.")
def compile(config: str, settings: tuple[str, ...], cluster: str | None, out: str | None, explain: bool) -> None:
    """Write a pipeline as YAML for Kubeflow Pipelines (backend 2.5 or later).

    CONFIG is the name of a shipped config or a path to a Python file of your own. What the cluster is like (image,
    storage, node pools) says the config's field `kubeflow`, or FILE.py of --cluster with its `get_cluster()`.
    """
    check_texts(click.get_current_context())
    settled = for_cluster(config, cluster, settings)
    path = _checked(f"{settled.name}.yaml" if out is None else out)
    made = compiled(settled, path)
    screen = console()
    if explain:
        screen.print(_placements(made))
    for note in (*_notes(made), *_notes_of_beam(settled)):
        screen.print(note)
    parameters = ", ".join(parameter.name for parameter in made.parameters)
    screen.print(f"{path}: {len(made.steps)} steps; parameters: {parameters}", soft_wrap=True)


def _notes_of_beam(config: Config) -> Iterator[str]:
    runners = {"beam": config.beam, **{f"beam.nodes.{node}": runner for node, runner in config.beam.nodes.items()}}
    for field, runner in runners.items():
        if not runner.on_flink:
            continue
        for name, address in (("master", runner.flink.master), ("job_server", runner.flink.job_server)):
            if address and "localhost" in address:
                yield (
                    f"{field}.flink.{name} is {address}: in a pod that is the pod itself. A rehearsal on this machine "
                    "finds it, a cluster does not"
                )
        if runner.flink.jar:
            yield f"{field}.flink.jar is {runner.flink.jar}: it must be in the image or on a volume under that path"


def _checked(path: str) -> str:
    """`path`, before the time that compiling takes is spent."""
    if not path.endswith((".yaml", ".yml")):
        raise InputError(f"--out {path}: KFP takes files that are called .yaml or .yml")
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise InputError(f"--out {path}: there is no folder {folder}")
    try:
        with tempfile.TemporaryFile(dir=folder):
            return path
    except OSError as error:
        raise InputError(f"--out {path}: cannot write there: {error.strerror}") from None


def _placements(made: Compiled) -> Table:
    grid = table("step", "needs", "pool", "image", "tolerations", "retries", "why", right=("retries",))
    for step in made.steps:
        pool = step.placement.pool
        grid.add_row(
            step.node or step.task,
            described(step.placement.needs),
            pool.name if pool else "",
            step.image,
            ", ".join(f"{each.key}={each.value}:{each.effect}" for each in pool.taints) if pool else "",
            str(step.retries.count),
            step.placement.why,
        )
    return grid


def _notes(made: Compiled) -> Iterator[str]:
    pools = (step.placement.pool for step in made.steps)
    for name in sorted({pool.name for pool in pools if pool and pool.expressions}):
        yield f"pool {name} is told by expressions (node affinity), which backends before 2.14 ignore: add labels"
