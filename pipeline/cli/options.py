"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

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


def _default_root() -> str:
    return "runs" if os.path.isdir("runs") else os.path.join(PROJECT, "runs")
