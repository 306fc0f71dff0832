"""`millrace schema`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

from components.errors import ExitCode
from pipeline.cli.console import console, quiet
from pipeline.cli.options import at_root
from pipeline.config import Config
from pipeline.config.load import load, override

_root: Callable[[Any], Any] = click.option(
    "--root", metavar="DIR", type=click.Path(file_okay=False), help="The root that the runs were given."
)
_span: Callable[[Any], Any] = click.option(
    "--span", type=click.IntRange(min=0), help="The span to look at; the newest where not given."
)


@click.group()
def schema() -> None:
    """Infer a schema, hold it against new data, and accept what the data needs."""


@schema.command()
@click.argument("config")
@click.option("--out", metavar="FILE", help="Not given: the config's schema.path, or schemas/NAME.pbtxt beside it.")
@_span
@_root
def infer(config: str, out: str | None, span: int | None, root: str | None) -> None:
    """Write a schema of the newest span, for you to read and correct.

    Its statistics are those of a run, where one has seen these files, and else computed.
    """
    wanted = _of(config, span, root)
    with quiet() as output:
        # Only now: TFDV takes seconds, and it writes to the terminal.
        from components.environments import SERVING
        from pipeline.schema import files, workflow

        path = os.path.abspath(out) if out else files.path_of(wanted)
        found, counted = workflow.infer(wanted, path)
        to = console(output.stream)
        to.print(f"wrote {path}: {len(found.feature)} features of {counted.origin}", soft_wrap=True)
        hidden = [feature.name for feature in found.feature if SERVING in feature.not_in_environment]
        to.print(f"not in serving: {', '.join(hidden) or 'nothing'}", soft_wrap=True)
        if wanted.schema_.path is None or path != files.path_of(wanted):
            place = os.path.relpath(path, wanted.project)
            to.print(f'put this into the config: schema=c.Schema(path="{place}"),', soft_wrap=True)


@schema.command()
@click.argument("config")
@_span
@_root
def diff(config: str, span: int | None, root: str | None) -> int:
    """Hold the curated schema against the newest span: what is wrong, and what would admit the data.

    Exit codes: 0 nothing, 1 something.
    """
    wanted = _of(config, span, root)
    with quiet() as output:
        from pipeline.schema import describe, workflow

        found = workflow.difference(wanted)
        to = console(output.stream)
        for suggestion in found.suggestions:
            to.print(describe.suggestion(suggestion), soft_wrap=True)
        for line in found.by_hand:
            to.print(f"to be changed by hand: {line}", soft_wrap=True)
        to.print(describe.verdict(found), style="bold", soft_wrap=True)
        return ExitCode.GATE if found.suggestions or found.by_hand else ExitCode.OK


@schema.command()
@click.argument("config")
@click.argument("features", metavar="[FEATURE]...", nargs=-1)
@_span
@_root
def accept(config: str, features: tuple[str, ...], span: int | None, root: str | None) -> None:
    """Change the curated schema as `diff` suggests, for these features or for all; comments and order stay."""
    wanted = _of(config, span, root)
    with quiet() as output:
        from pipeline.schema import workflow

        found = workflow.difference(wanted)
        lines = workflow.accept(found, features)
        to = console(output.stream)
        for line in lines or [f"{found.path}: nothing to change"]:
            to.print(line, soft_wrap=True)
        for line in found.by_hand:
            to.print(f"to be changed by hand: {line}", soft_wrap=True)


def _of(config: str, span: int | None, root: str | None) -> Config:
    return at_root(override(load(config), [] if span is None else [f"data.span={span}"]), root)
