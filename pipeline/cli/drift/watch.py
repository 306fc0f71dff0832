"""`millrace drift --watch`."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import click
from rich.console import Console

from components.errors import ExitCode, InputError, worst
from pipeline.cli.console import console, quiet
from pipeline.cli.drift.facts import line
from pipeline.cli.options import at_root
from pipeline.config import Config, Drift
from pipeline.config.load import load
from pipeline.drift.of_run import comparisons, exit_code
from pipeline.runners.events import Event, Message

if TYPE_CHECKING:
    from pipeline.drift.watch import Arrived


@click.command()
@click.option("--watch", "config", metavar="CONFIG", required=True, help="The pipeline whose spans are watched.")
@click.option("--every", default=60.0, show_default=True, type=click.FloatRange(min=0.1), help="Seconds between looks.")
@click.option("--once", is_flag=True, help="Look once, and end with the exit code of what was found.")
@click.option("--root", metavar="DIR", type=click.Path(file_okay=False), help="Where runs leave everything.")
@click.option(
    "--hook", metavar="URL|COMMAND", help="Who is told of each finding once, instead of the config's drift.hook."
)
def watch(config: str, every: float, once: bool, root: str | None, hook: str | None) -> int:
    """Compare each new span of a pipeline as it arrives, until Ctrl-C.

    CONFIG is the name of a config or a path to one. A span is run up to the gate behind its comparisons. With --once
    the exit codes are: 0 no drift, 1 drift, 2 bad input, 3 no baseline, 4 nothing comparable.
    """
    settled = at_root(load(config), root)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with quiet() as output:
        # Only now: TFX takes seconds, and it writes to the terminal.
        from pipeline.drift import watch as watching

        to = console(output.stream)

        def hear(event: Event) -> None:
            if isinstance(event, Message):
                to.print(event.text, soft_wrap=True)

        watching.check(settled)
        to.print(f"watching {settled.resolve(settled.data.path)}", soft_wrap=True)
        codes = [_tell(arrived, to) for arrived in watching.watch(_telling(settled, hook), every, once, hear)]
        return worst(codes)


def _telling(config: Config, hook: str | None) -> Config:
    """`config` with `hook` in the place of its own where there is one."""
    if not (hook and config.drift):
        return config
    return config.model_copy(update={"drift": Drift(**dict(config.drift) | {"hook": hook})})


def _tell(arrived: Arrived, to: Console) -> int:
    """Print what came of a span; returns its exit code. What cannot be read of one is no reason not to watch others."""
    if arrived.record is None:
        to.print(f"span {arrived.span}: {arrived.error}", soft_wrap=True)
        return int(arrived.error.exit_code if arrived.error else ExitCode.CRASH)
    to.print(f"span {arrived.span}: run {arrived.record.id}", soft_wrap=True)
    try:
        found = comparisons(arrived.record)
    except InputError as error:
        to.print(f"  {error}", soft_wrap=True)
        return worst((arrived.record.exit_code, error.exit_code))
    for each in found:
        to.print(f"  {line(each)}", soft_wrap=True)
    if arrived.record.error:
        to.print(f"  {arrived.record.error}", soft_wrap=True)
    return worst((arrived.record.exit_code, exit_code(found)))
