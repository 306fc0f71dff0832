"""The first document: KFP's PipelineSpec 2.1.0, one container task per step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pipeline
from pipeline.config.kubeflow import Retries
from pipeline.config.resources import Resources, as_bytes
from pipeline.connection import STORE
from pipeline.kubeflow import names
from pipeline.kubeflow.parameters import JOB, ROOT, RUN_ID, Parameter
from pipeline.kubeflow.steps import Step
from pipeline.kubeflow.visible import PAGE

_COMMAND = ["millrace", "task"]
"""No `python -m`: it would take the working directory's types.py or queue.py, a project's, for the library's."""
_GPU = "nvidia.com/gpu"
_SCHEMA_VERSION = "0.0.1"


def pipeline_spec(
    name: str, steps: Sequence[Step], parameters: Sequence[Parameter], embedded: str, store: str
) -> dict[str, Any]:
    """The document.

    Args:
        embedded: the config as one word, which the first step gets.
        store: of ML Metadata, as kubeflow.store.
    """
    return {
        "components": {names.component(step.task): _component(step, parameters) for step in steps},
        "deploymentSpec": {
            "executors": {
                names.executor(step.task): {"container": _container(step, parameters, embedded, store)}
                for step in steps
            }
        },
        "pipelineInfo": {"name": name},
        "root": {
            "dag": {"tasks": {step.task: _task(step, parameters) for step in steps}},
            "inputDefinitions": {"parameters": definitions(parameters)},
        },
        "schemaVersion": "2.1.0",
        "sdkVersion": f"millrace-{pipeline.__version__}",
    }


def definitions(parameters: Sequence[Parameter]) -> dict[str, dict[str, Any]]:
    """The pipeline's parameters, as the document defines them."""
    return {
        each.name: {
            "defaultValue": each.default,
            "description": each.description,
            "isOptional": True,
            "parameterType": each.type,
        }
        for each in parameters
    }


def _taken(step: Step, parameters: Sequence[Parameter]) -> list[Parameter]:
    """The pipeline's parameters that the step gets: what a field is counts in the first step, which plans the run."""
    return [each for each in parameters if not each.field or not step.node]


def _component(step: Step, parameters: Sequence[Parameter]) -> dict[str, Any]:
    inputs = {each.name: {"parameterType": each.type} for each in _taken(step, parameters)}
    component: dict[str, Any] = {
        "executorLabel": names.executor(step.task),
        "inputDefinitions": {"parameters": {**inputs, JOB: {"parameterType": "STRING"}}},
    }
    if step.outputs:
        artifacts = {
            key: {"artifactType": {"schemaTitle": title, "schemaVersion": _SCHEMA_VERSION}}
            for key, title in step.outputs.items()
        }
        component["outputDefinitions"] = {"artifacts": artifacts}
    return component


def _task(step: Step, parameters: Sequence[Parameter]) -> dict[str, Any]:
    inputs: dict[str, Any] = {each.name: {"componentInputParameter": each.name} for each in _taken(step, parameters)}
    # The backend knows this word only as the constant of an input (driver.go), not in arguments.
    inputs[JOB] = {"runtimeValue": {"constant": "{{$.pipeline_job_uuid}}"}}
    task: dict[str, Any] = {
        "cachingOptions": {"enableCache": False},
        "componentRef": {"name": names.component(step.task)},
        "inputs": {"parameters": inputs},
        # KFP's UI finds a run's artifacts by this name and shows them at the task of that key: they must be the same.
        "taskInfo": {"name": step.task},
    }
    if step.upstream:
        task["dependentTasks"] = list(step.upstream)
    if step.retries.count:
        task["retryPolicy"] = _retry_policy(step.retries)
    return task


def _retry_policy(retries: Retries) -> dict[str, Any]:
    """Without a backoffMaxDuration.

    Argo counts it from the start of the first try, so that a step that took longer would never be tried again, and
    stops the retry that is at work when it is over (argo-workflows 3.5, operator.go, processNodeRetries). So waits
    have no cap, and are doubled only where that stays below ours.
    """
    longest = retries.seconds * 2 ** (retries.count - 1)
    return {
        "backoffDuration": f"{retries.seconds}s",
        "backoffFactor": 2 if longest <= retries.most_seconds else 1,
        "maxRetryCount": retries.count,
    }


def _container(step: Step, parameters: Sequence[Parameter], embedded: str, store: str) -> dict[str, Any]:
    common = [
        "--root", _value(ROOT),
        "--run-id", _value(RUN_ID),
        "--job", _value(JOB),
    ]  # fmt: skip
    if step.node:
        page = ["--page", f"{{{{$.outputs.artifacts['{PAGE}'].path}}}}"] if PAGE in step.outputs else []
        arguments = ["node", step.node, *common, "--executor-input", "{{$}}", *page]
    else:
        settings = [
            word for each in parameters if each.field for word in ("--set", f"{each.field}={_value(each.name)}")
        ]
        arguments = ["start", "--config", embedded, *common, *settings]
    container: dict[str, Any] = {
        "image": step.image,
        "command": list(_COMMAND),
        "args": arguments,
        "env": [{"name": STORE, "value": store}],
    }
    if resources := _resources(step.placement.needs):
        container["resources"] = resources
    return container


def _value(parameter: str) -> str:
    """What KFP's launcher replaces by the parameter's value: a number as digits, a list as JSON."""
    return f"{{{{$.inputs.parameters['{parameter}']}}}}"


def _resources(needs: Resources) -> dict[str, Any]:
    """Requests are limits: what is placed by one must not be evicted by the other. Memory is in GB, not GiB."""
    found: dict[str, Any] = {}
    if needs.cpu:
        found["cpuLimit"] = found["cpuRequest"] = float(needs.cpu)
    if needs.memory:
        found["memoryLimit"] = found["memoryRequest"] = as_bytes(needs.memory) / 10**9
    if needs.gpus:
        found["accelerator"] = {"count": str(needs.gpus), "type": _GPU}
    return found
