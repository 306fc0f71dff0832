"""Compiled files written by hand: what a compiler should write is not asked of one."""

from __future__ import annotations

import copy
import pathlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from pipeline.rehearsal.events import Event, Finished
from pipeline.rehearsal.processes import Processes
from pipeline.rehearsal.record import RehearsalRecord
from pipeline.rehearsal.rehearse import Options, rehearse

CHECKOUT = pathlib.Path(__file__).parents[3]
JOB = str(uuid.uuid4())


def task(
    *command: str, after: Sequence[str] = (), retry: Mapping[str, Any] | None = None, **parts: Any
) -> dict[str, Any]:
    """One task. Its parts: inputs (sources by name), parameters (definitions), artifacts (titles), env, pod."""
    return {"command": list(command), "after": list(after), "retry": retry, **parts}


def documents(
    tasks: Mapping[str, Mapping[str, Any]], parameters: Mapping[str, Any] | None = None, pipeline_name: str = "by-hand"
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both documents of a pipeline of these tasks; `parameters` are those of the whole."""
    components, executors, pods, dag = {}, {}, {}, {}
    for name, given in tasks.items():
        components[f"comp-{name}"] = {
            "executorLabel": f"exec-{name}",
            "inputDefinitions": {"parameters": given.get("parameters", {})},
            "outputDefinitions": {
                "artifacts": {
                    key: {"artifactType": {"schemaTitle": title, "schemaVersion": "0.0.1"}}
                    for key, title in given.get("artifacts", {}).items()
                }
            },
        }
        container = {"image": "millrace:1", "command": given["command"], "args": [], "env": given.get("env", [])}
        executors[f"exec-{name}"] = {"container": container}
        pods[f"exec-{name}"] = given.get("pod", {})
        dag[name] = {
            "taskInfo": {"name": name.title()},
            "componentRef": {"name": f"comp-{name}"},
            "cachingOptions": {},
            "dependentTasks": given["after"],
            "inputs": {"parameters": given.get("inputs", {})},
            **({"retryPolicy": dict(given["retry"])} if given["retry"] else {}),
        }
    root = {"inputDefinitions": {"parameters": dict(parameters or {})}, "dag": {"tasks": dag}}
    pipeline = {
        "pipelineInfo": {"name": pipeline_name},
        "schemaVersion": "2.1.0",
        "sdkVersion": "by hand",
        "components": components,
        "deploymentSpec": {"executors": executors},
        "root": root,
    }
    return pipeline, {"platforms": {"kubernetes": {"deploymentSpec": {"executors": pods}}}}


def write(folder: pathlib.Path, *contents: Mapping[str, Any]) -> str:
    """A file of these documents."""
    path = folder / "compiled.yaml"
    # Copies: YAML's aliases would stand for what occurs twice.
    path.write_text(yaml.safe_dump_all([copy.deepcopy(each) for each in contents], sort_keys=False))
    return str(path)


def run(
    folder: pathlib.Path, tasks: Mapping[str, Mapping[str, Any]], events: list[Event] | None = None, **options: Any
) -> RehearsalRecord:
    """Rehearse these tasks as processes in `folder`."""
    parameters = options.pop("definitions", None)
    file = write(folder, *documents(tasks, parameters))
    heard: list[Event] = [] if events is None else events
    runtime = Processes(str(folder), str(CHECKOUT))
    return rehearse(file, JOB, runtime, Options(root=str(folder / "root"), **options), heard.append)


def states(record: RehearsalRecord) -> dict[str, str]:
    """How each task ended."""
    return {each.name: each.state for each in record.tasks}


def order(events: Sequence[Event]) -> list[str]:
    """The tasks in the order in which they were over."""
    return [event.task.name for event in events if isinstance(event, Finished)]


def log_of(record: RehearsalRecord, name: str) -> str:
    """What the last try of a task printed."""
    return pathlib.Path(record.task(name).tries[-1].log).read_text()
