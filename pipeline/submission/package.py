"""A compiled file, as far as submitting it needs to know it."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from components.errors import ConfigError, InputError
from pipeline.config import embedded
from pipeline.kubeflow.values import check_values
from pipeline.rehearsal.reading import Step, read_file


@dataclasses.dataclass(frozen=True)
class Package:
    """What `millrace compile` has written.

    Attributes:
        source: the words of a command line that name it: a config and what changes it, or --file and the file.
        version: the name of this very file among the versions of the pipeline: a digest of its bytes.
        parameters: the definitions of the run's parameters, by name, as the file has them.
        tasks: each task's node, by the task's name.
        images: of all containers.
        config: as the first task is given it.
        versions: of what it was compiled with, by distribution.
        resumes: how often waiting goes on with a run that was lost.
    """

    path: str
    source: Sequence[str]
    name: str
    version: str
    parameters: Mapping[str, Mapping[str, Any]]
    tasks: Mapping[str, str]
    images: tuple[str, ...]
    config: str
    versions: Mapping[str, str]
    resumes: int


@dataclasses.dataclass(frozen=True)
class Draft:
    """A pipeline, as far as it is known without a compiled file, which takes its time to make.

    Attributes:
        parameters: as a package's.
        check: raises InputError for values of parameters that the run would refuse.
        package: compiles it.
    """

    name: str
    parameters: Mapping[str, Mapping[str, Any]]
    check: Callable[[Mapping[str, Any]], None]
    package: Callable[[], Package]


def of_file(path: str, source: Sequence[str]) -> Draft:
    """The pipeline of a file that is compiled already. Raises as `read` does."""
    package = read(path, source)
    return Draft(package.name, package.parameters, functools.partial(_check, package.config), lambda: package)


def _check(word: str, values: Mapping[str, Any]) -> None:
    """Refuse values as the first task would, if the config is one of this version's."""
    try:
        # The same in whatever folder its project is.
        config = embedded.read(word, os.getcwd()).config
    except ConfigError:
        return
    check_values(config, values)


def read(path: str, source: Sequence[str]) -> Package:
    """The compiled file at `path`, which these words of a command line name.

    Raises:
        InputError: there is none, it is nothing that `millrace compile` writes, or something in it leads nowhere.
    """
    if not path.endswith((".yaml", ".yml")):
        raise InputError(f"{path}: KFP takes files whose names end with .yaml")
    # What the rehearsal does not interpret, like labels of pods, was added for the cluster.
    compiled = read_file(path, closed=False)
    pipeline, steps = compiled.pipeline, compiled.steps
    config, versions, resumes = _embedded(path, steps.values())
    with open(path, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    return Package(
        path=path,
        source=source,
        name=pipeline.pipeline_info.name,
        version=f"sha256-{digest[:16]}",
        parameters={
            name: definition.model_dump(by_alias=True, exclude_unset=True)
            for name, definition in pipeline.root.input_definitions.parameters.items()
        },
        tasks={name: _node(step) for name, step in steps.items()},
        images=tuple(sorted({step.container.image for step in steps.values()})),
        config=config,
        versions=versions,
        resumes=resumes,
    )


def _node(step: Step) -> str:
    """The node that a task runs, by the arguments of its container; the first task runs none, and has its own name."""
    match step.container.args:
        case ("node", node, *_):
            return node
    return step.name


def _embedded(path: str, steps: Iterable[Step]) -> tuple[str, Mapping[str, str], int]:
    """The first task's config, and the versions and the resumes that it tells.

    It is not read as a config, whose fields are others where another version has compiled it.
    """
    try:
        words = next(step.container.args for step in steps if step.container.args[:1] == ("start",))
        word = words[words.index("--config") + 1]
        packed = embedded.unpacked(word)
        return word, dict(packed["versions"]), int(packed["config"]["kubeflow"]["resumes"])
    except (StopIteration, LookupError, TypeError, ValueError):
        raise InputError(
            f"{path}: no task holds a config as `millrace compile` writes it: compile the config, or name it instead "
            "of --file"
        ) from None
