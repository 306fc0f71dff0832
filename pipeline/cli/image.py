"""`millrace image`."""

from __future__ import annotations

import os
import pathlib
import time
from typing import Literal

import click

from components.errors import InputError
from pipeline.cli.console import console, duration


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

    What stands behind -- goes to the engine's build: -- --network host --no-cache
    """
    from pipeline.image import build as images
    from pipeline.image import engine as engines

    if project and not tag:
        raise InputError("--project: name the image that holds it with --tag, as in --tag registry/trips:1")
    to = console()
    started = time.monotonic()

    def step(line: str) -> None:
        to.print(line, soft_wrap=True)

    tag = tag or images.default_tag(target)
    found = engines.find(engine)
    order = images.Order(found, target, tag, base, arguments)
    if project:
        log = images.build_project(order, pathlib.Path(project).absolute(), os.environ, step)
    else:
        log = images.build(order, os.environ, step)
    gigabytes = engines.size(found, tag) / 1e9
    to.print(f"built {tag}: {gigabytes:.2f} GB in {duration(time.monotonic() - started)}; log: {log}", soft_wrap=True)
    if push:
        engines.run([found, "push", tag], os.environ, step)
        to.print(f"pushed {tag}")
    else:
        to.print(f"next: {found} push {tag}, where the cluster pulls from a registry")
    field = "gpu_image" if target == "gpu" else "image"
    to.print(f'the config names it: kubeflow=c.Kubeflow({field}="{tag}")', soft_wrap=True)
