"""A compiled file, as far as submitting it needs to know it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml

from components.errors import InputError
from pipeline.config import embedded


@dataclasses.dataclass(frozen=True)
class Package:
    """What `millrace compile` has written.

    Attributes:
        source: the words of a command line that name it: a config and what changes it, or --file and the file.
        version: the name of this very file among the versions of the pipeline: a digest of its bytes.
        parameters: the definitions of the run's parameters, by name, as the file has them.
        tasks: each task's node, by the task's name.
        images: of all containers.
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
    return Draft(package.name, package.parameters, lambda values: None, lambda: package)


def read(path: str, source: Sequence[str]) -> Package:
    """The compiled file at `path`, which these words of a command line name.

    Raises:
        InputError: there is none, or it is nothing that `millrace compile` writes.
    """
    if not path.endswith((".yaml", ".yml")):
        raise InputError(f"{path}: KFP takes files whose names end with .yaml")
    try:
        with open(path, "rb") as file:
            content = file.read()
        spec = next(yaml.load_all(content, yaml.CSafeLoader), None)
        if not isinstance(spec, dict):
            raise ValueError("it is empty" if spec is None else f"it begins with {str(spec)[:40]!r}")
        containers = [each["container"] for each in spec["deploymentSpec"]["executors"].values()]
        # Not as a config, whose fields are others where another version has compiled it.
        packed = embedded.unpacked(_embedded(containers))
        return Package(
            path=path,
            source=source,
            name=spec["pipelineInfo"]["name"],
            version=f"sha256-{hashlib.sha256(content).hexdigest()[:16]}",
            parameters=spec["root"].get("inputDefinitions", {}).get("parameters", {}),
            tasks={task: _node(spec, task) for task in spec["root"]["dag"]["tasks"]},
            images=tuple(sorted({container["image"] for container in containers})),
            versions=packed["versions"],
            resumes=packed["config"]["kubeflow"]["resumes"],
        )
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, LookupError, TypeError, AttributeError, ValueError) as error:
        detail = " ".join(str(error).split())
        raise InputError(
            f"{path}: not what `millrace compile` writes ({type(error).__name__}: {detail[:200]}): compile the config "
            "with it, or name the config instead of --file"
        ) from None


def _node(spec: Mapping[str, Any], task: str) -> str:
    """The node that a task runs, by the arguments of its container; the first task runs none, and has its own name."""
    label = spec["components"][spec["root"]["dag"]["tasks"][task]["componentRef"]["name"]]["executorLabel"]
    arguments = spec["deploymentSpec"]["executors"][label]["container"]["args"]
    return str(arguments[1]) if arguments[0] == "node" else task


def _embedded(containers: Sequence[Mapping[str, Any]]) -> str:
    """The word that holds the config: an argument of the first task."""
    starts = (container["args"] for container in containers if container.get("args", ())[:1] == ["start"])
    arguments: list[str] = next(starts, [])
    return arguments[arguments.index("--config") + 1]
