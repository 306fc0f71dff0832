"""`millrace run`."""

from __future__ import annotations

import os

import click

from pipeline.cli.console import console, noisy, quiet
from pipeline.cli.options import at_root
from pipeline.cli.progress import listener
from pipeline.cli.summary import print_summary
from pipeline.config.config import Config
from pipeline.config.load import load, override
from pipeline.drift import hooks
from pipeline.runners import local
from pipeline.runners.events import Event, RunStarted
from pipeline.runs import RunRecord


@click.command()
@click.argument("config")
@click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="Override a field of the config.")
@click.option("--span", type=click.IntRange(min=0), help="The span to run on; the newest where not given.")
@click.option("--resume", is_flag=False, flag_value="", metavar="[RUN]", help="Go on with a run that ended early.")
@click.option("--root", metavar="DIR", type=click.Path(file_okay=False), help="Where runs leave everything.")
@click.option("--from", "first", metavar="NODE", help="Start at this node, with the earlier ones' last outputs.")
@click.option("--to", "last", metavar="NODE", help="Stop after this node.")
@click.option("--force", multiple=True, metavar="NODE", help="Run this node even if its outputs are cached.")
@click.option("--no-cache", is_flag=True, help="Run every node.")
@click.option("--no-wait", is_flag=True, help="Refuse to start while another run uses the root; do not wait for it.")
@click.option("--in-process", is_flag=True, help="Run executors in this process, for a debugger.")
def run(
    config: str,
    settings: tuple[str, ...],
    span: int | None,
    resume: str | None,
    root: str | None,
    first: str | None,
    last: str | None,
    force: tuple[str, ...],
    no_cache: bool,
    no_wait: bool,
    in_process: bool,
) -> int:
    """Run a pipeline: data in, a validated, evaluated, pushed model out.

    CONFIG is the name of a shipped config (`millrace configs`) or a path to a Python file of your own. --set takes any
    field: trainer.epochs=5, heads.0.weight=2, evaluator.thresholds=[]. --resume without RUN takes the latest run.
    """
    flags = [*settings, *([f"data.span={span}"] if span is not None else []), *(["cache=false"] if no_cache else [])]
    settled = at_root(override(load(config), flags), root)
    options = local.Options(
        resume=resume or resume is not None,
        first=first,
        last=last,
        force=force,
        in_process=in_process,
        wait=not no_wait,
    )
    record = _run(settled, options)
    print_summary(record, settled, console())
    return record.exit_code


def _run(config: Config, options: local.Options) -> RunRecord:
    """Run it, with progress on standard output and everything else that writes there in the run's log folder."""
    with noisy() if options.in_process else quiet() as output:
        screen = console(output.stream)
        screen.print(f"starting {config.name}")
        listen, close = listener(screen, live=not options.in_process)

        def hear(event: Event) -> None:
            if isinstance(event, RunStarted):
                output.log_to(os.path.join(event.log_dir, "runner.log"))
            listen(event)

        try:
            return local.run(config, options, hear, hooks.tell)
        finally:
            close()
