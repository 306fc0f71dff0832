"""What the engine is told to build: the image of a checkout, and on top of it that of a user's project."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import itertools
import pathlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import pipeline
from components.errors import InputError
from pipeline.config.kubeflow import IMAGE
from pipeline.config.load import PROJECT
from pipeline.image import engine, network

_CHECKOUT = pathlib.Path(PROJECT)
_DOCKERFILE = _CHECKOUT / "requirements/Dockerfile"
LABEL = "org.millrace."
"""What the names of the labels begin with that tell an image's versions."""
_PACKAGES = ("components", "pipeline")
_WITH_VALUE, _ALONE = ("--network", "--add-host", "--platform"), ("--no-cache",)
"""Arguments that a project's build shares with that of the image below it."""
_IGNORED = ".git\n.venv\nruns\n**/__pycache__\n"
"""Of a project that has no .dockerignore."""


@dataclasses.dataclass(frozen=True)
class Order:
    """What is to be built.

    Attributes:
        base: the image to start from; None is the Dockerfile's own.
        arguments: for the engine, as they are.
    """

    engine: str
    target: Literal["cpu", "gpu"]
    tag: str
    base: str | None = None
    arguments: tuple[str, ...] = ()


def default_tag(target: str) -> str:
    """The image of the shipped configs, by the version of Millrace."""
    return f"{IMAGE}{'' if target == 'cpu' else f'-{target}'}"


def build(order: Order, environment: Mapping[str, str], step: Callable[[str], None]) -> str:
    """Build the image with the shipped configs, calling `step` with each step of it; the path of the log.

    Raises:
        InputError: this is no checkout.
        CrashError: the build failed.
    """
    if not _DOCKERFILE.is_file():
        raise InputError(f"there is no {_DOCKERFILE}: an image is built from a checkout of Millrace, not from a wheel")
    with tempfile.TemporaryDirectory(prefix="millrace-image-") as folder:
        command = [*_start(order, _DOCKERFILE, order.target), *network.arguments(pathlib.Path(folder), environment)]
        command += ["--build-arg", f"BASE={order.base}"] if order.base else []
        command += [word for label in _labels() for word in ("--label", label)]
        return engine.run([*command, *order.arguments, str(_CHECKOUT)], _settings(environment), step)


def build_project(
    order: Order, project: pathlib.Path, environment: Mapping[str, str], step: Callable[[str], None]
) -> str:
    """The same with the folder `project` as /project, where steps then run.

    Raises:
        InputError: the project cannot become an image.
        CrashError: the build failed.
    """
    _check(project)
    # A tag of its own: the image that users know by the default one may have another base.
    below = f"{default_tag(order.target)}-base"
    base = dataclasses.replace(order, tag=below, arguments=tuple(_shared(order.arguments)))
    build(base, environment, step)
    with tempfile.TemporaryDirectory(prefix="millrace-image-") as folder:
        dockerfile = pathlib.Path(shutil.copy(_DOCKERFILE, folder))
        command = [*_start(order, dockerfile, "project"), "--build-arg", f"IMAGE={below}"]
        if not (project / ".dockerignore").exists():
            # BuildKit looks beside the Dockerfile first, Podman must be told.
            ignored = pathlib.Path(f"{dockerfile}.dockerignore")
            ignored.write_text(_IGNORED)
            command += ["--ignorefile", str(ignored)] if order.engine == "podman" else []
        return engine.run([*command, *order.arguments, str(project)], _settings(environment), step)


def sources() -> str:
    """The digest of our packages and the lock, which the image has as a label."""
    files = [_CHECKOUT / "requirements/runtime.lock"]
    for package in _PACKAGES:
        files += (each for each in (_CHECKOUT / package).rglob("*") if each.is_file() and each.suffix != ".pyc")
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.relative_to(_CHECKOUT)} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _start(order: Order, dockerfile: pathlib.Path, target: str) -> list[str]:
    return [order.engine, "build", "--file", str(dockerfile), "--target", target, "--tag", order.tag]


def _shared(arguments: Sequence[str]) -> Iterator[str]:
    """Those that say how to build. The others say what becomes of the image, and are the project's alone."""
    words = iter(arguments)
    for word in words:
        name, equals, _ = word.partition("=")
        if name in _WITH_VALUE or word in _ALONE:
            yield word
            if name in _WITH_VALUE and not equals:
                yield from itertools.islice(words, 1)


def _settings(environment: Mapping[str, str]) -> dict[str, str]:
    return {**environment, "DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain"}


def _check(project: pathlib.Path) -> None:
    if not project.is_dir():
        raise InputError(f"--project: {project} is no folder")
    for name in _PACKAGES:
        if (project / name / "__init__.py").exists() or (project / f"{name}.py").exists():
            raise InputError(
                f"--project: {project} has a module {name!r} of its own, which would hide Millrace's where steps run: "
                "rename it. (Without --project the image has the shipped configs.)"
            )


def _labels() -> Iterator[str]:
    yield "org.opencontainers.image.title=millrace"
    yield f"org.opencontainers.image.version={pipeline.__version__}"
    yield f"{LABEL}version={pipeline.__version__}"
    yield f"{LABEL}tfx={importlib.metadata.version('tfx')}"
    yield f"{LABEL}sources={sources()}"
