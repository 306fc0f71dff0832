"""`millrace task`: what the containers of a cluster call. `millrace compile` writes the calls."""

from __future__ import annotations

import os
import sys

import click

from components.errors import of_code
from pipeline.cli.console import console
from pipeline.cli.progress import Lines
from pipeline.drift import hooks
from pipeline.kubeflow import visible
from pipeline.runners import task as tasks
from pipeline.runners.signals import interruptible


@click.group()
def task() -> None:
    """The tasks of a pipeline on a cluster."""
    # The project, as where its config's file is loaded: a reference to its code may be package.module.name.
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())


@task.command()
@click.option("--root", required=True, help="The pipeline root.")
@click.option("--run-id", required=True, help="The run; empty is that of the job.")
@click.option("--job", required=True, help="The platform's id of the job.")
@click.option("--config", required=True, help="As `millrace compile` embeds it.")
@click.option(
    "--set", "settings", multiple=True, help="FIELD=VALUE; without a value a field that is None is left alone."
)
def start(root: str, run_id: str, job: str, config: str, settings: tuple[str, ...]) -> None:
    """Plan a run."""
    from pipeline.config import embedded
    from pipeline.kubeflow.values import set_fields
    from pipeline.runners import start as starting

    given = embedded.read(config, os.getcwd())
    fields = set_fields(given.config, settings)
    starting.start(tasks.Place(root, run_id or job, job), given, fields, Lines(console()))


@task.command()
@click.argument("node")
@click.option("--root", required=True, help="The pipeline root.")
@click.option("--run-id", required=True, help="The run; empty is that of the job.")
@click.option("--job", required=True, help="The platform's id of the job.")
@click.option("--executor-input", help="What Kubeflow's launcher tells of the task.")
@click.option("--page", help="Where the node's page is to lie.")
def node(node: str, root: str, run_id: str, job: str, executor_input: str | None, page: str | None) -> None:
    """Run one node."""
    # A run that is ended on the cluster leaves no job on another one.
    with interruptible():
        outcome = tasks.run(tasks.Place(root, run_id or job, job), node, Lines(console()), hooks.tell)
    if outcome.node.state == "failed":
        raise of_code(int(outcome.facts["exit_code"]), str(outcome.facts["error"]))
    if executor_input:
        visible.write(outcome.node, executor_input, page)
