"""`millrace image`."""

from __future__ import annotations

import os
from typing import Literal

import click

from pipeline.cli.console import console, duration
from pipeline.cli.options import check_texts


@click.group()
def image() -> None:
    """Build the container image that a cluster runs steps in."""


@image.command()
@click.option("--target", default="cpu", show_default=True, type=click.Choice(["cpu", "gpu"]), help="gpu has CUDA.")
@click.option("--tag", metavar="NAME:TAG", help="Its name; millrace:VERSION, and -gpu behind it, where not given.")
@click.option(
    "--base", metavar="IMAGE", help="A Debian or Ubuntu to build on; python:3.10-slim-bookworm where not given."
)
@click.option(
    "--project", metavar="DIR", help="The folder of your configs and their code, to be /project in the image."
)
@click.option("--push", is_flag=True, help="Push it to the registry that the tag names.")
@click.option("--engine", type=click.Choice(["docker", "podman"]), help="The first of both that is installed.")
@click.argument("arguments", metavar="[-- ARGUMENT...]", nargs=-1, type=click.UNPROCESSED)
def build(
    target: Literal["cpu", "gpu"],
    tag: str | None,
    base: str | None,
    project: str | None,
    push: bool,
    engine: str | None,
    arguments: tuple[str, ...],
) -> None:
    """Build the image of a pipeline's steps from this checkout and its locks.

    What stands behind -- goes to the engine's build: -- --network host --no-cache. With --project that of the image
    below it (millrace:VERSION-base) gets of it --network, --add-host, --platform and --no-cache.
    """
    from pipeline.image.make import Asked, make

    check_texts(click.get_current_context())
    to = console()

    def say(line: str) -> None:
        to.print(line, soft_wrap=True)

    made = make(Asked(target, tag, base, project, push, engine, arguments), os.environ, say)
    size = "not here" if made.size is None else f"{made.size / 1e9:.2f} GB"
    say(f"built {made.tag}: {size} in {duration(made.seconds)}; log: {made.log}")
    if push:
        say(f"pushed {made.tag}")
    elif made.size is not None:
        say(f"next: {made.engine} push {made.tag}, where the cluster pulls from a registry")
    field = "gpu_image" if target == "gpu" else "image"
    say(f'the config names it: kubeflow=c.Kubeflow({field}="{made.tag}")')
