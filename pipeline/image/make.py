"""An image from end to end: the engine found, the image built, looked at and pushed."""

from __future__ import annotations

import dataclasses
import pathlib
import time
from collections.abc import Callable, Mapping
from typing import Literal

from components.errors import InputError
from pipeline.image import build, engine, names


@dataclasses.dataclass(frozen=True)
class Asked:
    """What is wanted; None where the usual is.

    Attributes:
        project: the folder that is to be /project in the image.
        arguments: for the engine's build, as they are.
    """

    target: Literal["cpu", "gpu"]
    tag: str | None
    base: str | None
    project: str | None
    push: bool
    engine: str | None
    arguments: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Made:
    """What there is now.

    Attributes:
        size: bytes, its base included; None where the engine does not have it, as the build wrote it elsewhere.
        seconds: that the build took.
        log: of the build.
    """

    engine: str
    tag: str
    size: int | None
    seconds: float
    log: str


def make(asked: Asked, environment: Mapping[str, str], step: Callable[[str], None]) -> Made:
    """Build the image and, where asked, push it, calling `step` with each step of it.

    Raises:
        InputError: there is no engine, it cannot build this, or a name is none of an image.
        CrashError: the build failed, or the push.
    """
    if asked.project and not asked.tag:
        raise InputError("--project: name the image that holds it with --tag, as in --tag registry/trips:1")
    _check_names(asked)
    tag = asked.tag or build.default_tag(asked.target)
    found = engine.find(asked.engine)
    started = time.monotonic()
    order = build.Order(found, asked.target, tag, asked.base, asked.arguments)
    if asked.project:
        log = build.build_project(order, pathlib.Path(asked.project).absolute(), environment, step)
    else:
        log = build.build(order, environment, step)
    seconds = time.monotonic() - started
    made = Made(found, tag, engine.size(found, tag), seconds, log)
    if asked.push:
        engine.run([found, "push", tag], environment, step)
    return made


def _check_names(asked: Asked) -> None:
    """The engine would find these only once it is at work, with a project after the image below is built."""
    if asked.tag is not None and not names.is_tag(asked.tag):
        raise InputError(f"--tag {names.RULE}. Received: {asked.tag!r}")
    if asked.base is not None and not names.is_image(asked.base):
        raise InputError(f"--base {names.RULE}. Received: {asked.base!r}")
