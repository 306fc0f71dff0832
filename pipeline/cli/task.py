"""What the containers of a cluster call: `python -m pipeline.cli.task`. `millrace compile` writes the calls."""

from __future__ import annotations

import os
import sys

import click

from components.errors import of_code
from pipeline.cli.console import console
from pipeline.cli.main import main
from pipeline.cli.progress import Lines
from pipeline.drift import hooks
from pipeline.runners import task as tasks
from pipeline.runners import visible


@click.group()
def task() -> None:
    """The tasks of a pipeline on a cluster."""


@task.command()
@click.option("--root", required=True, help="The pipeline root.")
@click.option("--run-id", required=True, help="The run; empty is that of the job.")
@click.option("--job", required=True, help="The platform's id of the job.")
@click.option("--config", required=True, help="As `millrace compile` embeds it.")
@click.option("--set", "settings", multiple=True, help="FIELD=VALUE; without a value the field is left alone.")
def start(root: str, run_id: str, job: str, config: str, settings: tuple[str, ...]) -> None:
    """Plan a run."""
    from pipeline.config import embedded
    from pipeline.runners import start as starting

    given = embedded.read(config, os.getcwd())
    fields = [setting for setting in settings if setting.partition("=")[2]]
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
    outcome = tasks.run(tasks.Place(root, run_id or job, job), node, Lines(console()), hooks.tell)
    if outcome.node.state == "failed":
        raise of_code(int(outcome.facts["exit_code"]), str(outcome.facts["error"]))
    if executor_input:
        visible.write(outcome.node, executor_input, page)


if __name__ == "__main__":
    sys.exit(main(group=task))
