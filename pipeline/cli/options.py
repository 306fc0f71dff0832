"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import click

from components.errors import InputError
from pipeline.config.config import Config
from pipeline.config.load import PROJECT

root_option: Callable[[Any], Any] = click.option(
    "--root",
    metavar="DIR",
    type=click.Path(file_okay=False, exists=True),
    callback=lambda _context, _option, value: os.path.abspath(value or _default_root()),
    help="Where the runs are: `runs` in the working directory, or else in the checkout.",
)

cluster_option: Callable[[Any], Any] = click.option(
    "--cluster", metavar="FILE.py", help="A file with get_cluster(), which takes the place of the config's `kubeflow`."
)

json_option: Callable[[Any], Any] = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


def at_root(config: Config, root: str | None) -> Config:
    """`config` with the root that a flag names from the working directory, or as it is."""
    return config if root is None else config.model_copy(update={"root": os.path.abspath(root)})


def check_texts(context: click.Context) -> None:
    """Refuse options of this call that are empty.

    Raises:
        InputError: one is; names it.
    """
    for option in context.command.params:
        value = context.params.get(str(option.name))
        if isinstance(option, click.Option) and isinstance(value, str) and not value.strip():
            raise InputError(f"{option.opts[0]} is empty: is a variable of the shell not set?")


def refuse_with_file(file: str | None, overrides: Sequence[str], cluster: str | None) -> None:
    """Raises InputError where `file`, which is compiled, would be compiled anew for what counts only then."""
    if file and (overrides or cluster):
        raise InputError("--set and --cluster count when a config is compiled, and --file is: --param NAME=VALUE")


def _default_root() -> str:
    return "runs" if os.path.isdir("runs") else os.path.join(PROJECT, "runs")
