"""From a compiled file to its two documents, whose references all lead somewhere."""

from __future__ import annotations

import graphlib
import re
from collections.abc import Iterable
from typing import Any

import pydantic
import yaml

from components.errors import InputError, close_matches
from pipeline.rehearsal import platform
from pipeline.rehearsal.message import read
from pipeline.rehearsal.spec import Component, Container, Pipeline, Task

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


class Step(pydantic.BaseModel, frozen=True):
    """One task with all that the documents say of it."""

    name: str
    task: Task
    component: Component
    container: Container
    pod: platform.Pod

    @property
    def title(self) -> str:
        """What KFP's UI calls it."""
        return self.task.task_info.name


class Compiled(pydantic.BaseModel, frozen=True):
    """What a file says."""

    pipeline: Pipeline
    steps: dict[str, Step]
    """Each after those that it depends on."""


def read_file(path: str, *, closed: bool = True) -> Compiled:
    """The documents of a compiled file.

    Args:
        closed: refuse fields that the rehearsal does not interpret, rather than leave them out.

    Raises:
        InputError: it is no YAML, has no pipeline, has what the rehearsal does not interpret, or a reference in it
            leads nowhere.
    """
    try:
        with open(path, encoding="utf-8") as file:
            documents = [document for document in yaml.safe_load_all(file) if document is not None]
    except (OSError, ValueError, AttributeError, RecursionError, yaml.YAMLError) as error:  # not all are PyYAML's
        raise InputError(f"{path}: cannot be read as YAML: {' '.join(str(error).split())}") from None
    pipelines, platforms = _sorted(documents, path)
    if len(pipelines) != 1 or len(platforms) > 1:
        raise InputError(
            f"{path}: one document with pipelineInfo and at most one with platforms belong here, as `millrace compile` "
            f"writes them. Received: {len(pipelines)} and {len(platforms)}"
        )
    pipeline = read(Pipeline, pipelines[0], path, closed=closed)
    pods = {}
    if platforms:
        spec = read(platform.PlatformSpec, platforms[0], path, closed=closed)
        pods = spec.platforms.kubernetes.deployment_spec.executors
    return _joined(pipeline, pods, path)


def _sorted(documents: list[Any], path: str) -> tuple[list[Any], list[Any]]:
    pipelines = [each for each in documents if isinstance(each, dict) and "pipelineInfo" in each]
    platforms = [each for each in documents if isinstance(each, dict) and "platforms" in each]
    for each in documents:
        if each not in pipelines and each not in platforms:
            raise InputError(
                f"{path}: a document that begins with {str(each)[:60]!r} has neither pipelineInfo nor platforms"
            )
    return pipelines, platforms


def _joined(pipeline: Pipeline, pods: dict[str, platform.Pod], path: str) -> Compiled:
    executors = pipeline.deployment_spec.executors
    for label in pods:
        # The backend would leave these settings out without a word.
        _known(label, executors, f"{path}: platforms: executor")
    tasks = pipeline.root.dag.tasks
    steps = {}
    for name in _ordered(tasks, path):
        task = tasks[name]
        where = f"{path}: task {name}"
        if not _LABEL.fullmatch(name):
            # Argo names the pods of a task with retries after it.
            raise InputError(f"{where}: Kubernetes takes lower-case letters, digits and dashes, 63 at the most")
        component = _known(task.component_ref.name, pipeline.components, f"{where}: component")
        label = component.executor_label
        container = _known(label, executors, f"{where}: executor").container
        steps[name] = Step(
            name=name, task=task, component=component, container=container, pod=pods.get(label, platform.Pod())
        )
    _check_shared(steps.values(), path)
    return Compiled(pipeline=pipeline, steps=steps)


def _known(name: str, among: Any, where: str) -> Any:
    if name not in among:
        raise InputError(
            f"{where} {name!r} does not exist.{close_matches(name, among)} There are: {', '.join(among) or 'none'}"
        )
    return among[name]


def _ordered(tasks: dict[str, Task], path: str) -> list[str]:
    for name, task in tasks.items():
        for other in task.dependent_tasks:
            _known(other, tasks, f"{path}: task {name} depends on a task:")
    try:
        return list(
            graphlib.TopologicalSorter({name: task.dependent_tasks for name, task in tasks.items()}).static_order()
        )
    except graphlib.CycleError as error:
        raise InputError(f"{path}: tasks wait for each other: {' -> '.join(error.args[1])}") from None


def _check_shared(steps: Iterable[Step], path: str) -> None:
    """The backend keeps components by the hash of their container (argocompiler/argo.go, hashComponentContainer)."""
    seen: dict[Container, Step] = {}
    for step in steps:
        other = seen.setdefault(step.container, step)
        if other.component.model_copy(update={"executor_label": ""}) != step.component.model_copy(
            update={"executor_label": ""}
        ):
            raise InputError(
                f"{path}: tasks {other.name} and {step.name} have the same container but other inputs or outputs: "
                "the backend would take one's for both"
            )
