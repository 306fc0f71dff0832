"""The checker of the backend's rules sees what is broken: each document differs from a good one in one thing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from pipeline.kubeflow.compiler import compile_nodes
from tests.pipeline.kubeflow import gpu_config
from tests.pipeline.kubeflow.backend_rules import problems

Document = dict[str, Any]
Break = Callable[[Document, Document], object]


@pytest.fixture(scope="module")
def good() -> list[Document]:
    return list(yaml.load_all(compile_nodes(gpu_config.config(), gpu_config.NODES).text, yaml.CSafeLoader))


def _text(documents: list[Document]) -> str:
    text: str = yaml.dump_all(documents, Dumper=yaml.CSafeDumper)
    return text


def _task(spec: Document, name: str = "trainer") -> Document:
    return spec["root"]["dag"]["tasks"][name]


def _container(spec: Document, name: str = "trainer") -> Document:
    return spec["deploymentSpec"]["executors"][f"exec-{name}"]["container"]


def _executor(platform: Document, name: str = "trainer") -> Document:
    return platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"][f"exec-{name}"]


def _rename_task(spec: Document, name: str) -> None:
    tasks = spec["root"]["dag"]["tasks"]
    tasks[name] = {**tasks.pop("baseline"), "taskInfo": {"name": name}}
    tasks["evaluation-report"]["dependentTasks"] = ["trainer", name]


BROKEN: dict[str, tuple[Break, str]] = {
    "version": (lambda s, p: s.update(schemaVersion="2.0.0"), "schemaVersion '2.0.0'"),
    "pipeline name": (lambda s, p: s["pipelineInfo"].update(name="Taxi"), "pipeline name 'Taxi'"),
    "no tasks": (lambda s, p: s["root"]["dag"].update(tasks={}), "root has no tasks"),
    "capitals": (lambda s, p: _rename_task(s, "Baseline"), "task name 'Baseline'"),
    "digit": (lambda s, p: _rename_task(s, "1st"), "task name '1st'"),
    "driver": (lambda s, p: _rename_task(s, "tuner-driver"), "are one in Argo"),
    "task info": (lambda s, p: _task(s).pop("taskInfo"), "trainer is shown as None"),
    "cache": (lambda s, p: _task(s).update(cachingOptions={"enableCache": True}), "cached by KFP"),
    "exit task": (lambda s, p: _task(s).update(triggerPolicy={"strategy": "x"}), "triggerPolicy is not implemented"),
    "iterator": (lambda s, p: _task(s).update(artifactIterator={}), "artifactIterator is not implemented"),
    "no retries": (lambda s, p: _task(s).update(retryPolicy={"backoffDuration": "1s"}), "without retries"),
    "duration": (lambda s, p: _task(s)["retryPolicy"].update(backoffDuration="0.5s"), "backoffDuration '0.5s'"),
    "factor": (lambda s, p: _task(s)["retryPolicy"].update(backoffFactor=1.5), "cut to a whole number"),
    "deadline": (lambda s, p: _task(s)["retryPolicy"].update(backoffMaxDuration="3600s"), "never retried"),
    "stranger": (lambda s, p: _task(s)["dependentTasks"].append("nobody"), "depends on 'nobody', which is none"),
    "twice": (lambda s, p: _task(s)["dependentTasks"].append("tuner"), "depends on one task twice"),
    "circle": (lambda s, p: _task(s, "tuner")["dependentTasks"].append("trainer"), "wait for each other"),
    "component": (lambda s, p: _task(s).update(componentRef={"name": "comp-x"}), "{'name': 'comp-x'}, which is none"),
    "executor": (
        lambda s, p: s["components"]["comp-tuner"].update(executorLabel="exec-x"),
        "comp-tuner refers to executor 'exec-x'",
    ),
    "resolver": (
        lambda s, p: s["deploymentSpec"]["executors"].update({"exec-baseline": {"resolver": {}}}),
        "exec-baseline is no container: ['resolver']",
    ),
    "same container": (
        lambda s, p: _container(s, "tuner").update(copy.deepcopy(_container(s))),
        "have the same container",
    ),
    "type": (
        lambda s, p: s["root"]["inputDefinitions"]["parameters"]["run_id"].update(parameterType="TEXT"),
        "run_id has type 'TEXT'",
    ),
    "default": (
        lambda s, p: s["root"]["inputDefinitions"]["parameters"]["trainer_epochs"].update(defaultValue="3"),
        "trainer_epochs has the default '3'",
    ),
    "no default": (
        lambda s, p: s["root"]["inputDefinitions"]["parameters"]["run_id"].pop("defaultValue"),
        "run_id has no default",
    ),
    "missing input": (lambda s, p: _task(s)["inputs"]["parameters"].pop("job"), "has no value for ['job']"),
    "surplus input": (
        lambda s, p: _task(s)["inputs"]["parameters"].update(more={"runtimeValue": {"constant": 1}}),
        "is given ['more']",
    ),
    "no parameter": (
        lambda s, p: s["root"]["inputDefinitions"]["parameters"].pop("run_id"),
        "input run_id is the parameter 'run_id', which is none",
    ),
    "other type": (
        lambda s, p: s["components"]["comp-start"]["inputDefinitions"]["parameters"].update(
            trainer_epochs={"parameterType": "STRING"}
        ),
        "trainer_epochs has another type",
    ),
    "task output": (
        lambda s, p: _task(s)["inputs"]["parameters"].update(job={"taskOutputParameter": {"producerTask": "tuner"}}),
        "waits for another task",
    ),
    "unknown constant": (
        lambda s, p: _task(s)["inputs"]["parameters"].update(job={"runtimeValue": {"constant": "{{$.run}}"}}),
        "is {{$.run}}, which nobody replaces",
    ),
    "job in arguments": (
        lambda s, p: _container(s)["args"].append("{{$.pipeline_job_uuid}}"),
        "nobody replaces {{$.pipeline_job_uuid}} in arguments",
    ),
    "input in arguments": (
        lambda s, p: _container(s)["args"].append("{{$.inputs.parameters['data_span']}}"),
        "nobody replaces {{$.inputs.parameters['data_span']}}",
    ),
    "output in arguments": (
        lambda s, p: _container(s)["args"].append("{{$.outputs.artifacts['page'].path}}"),
        "nobody replaces {{$.outputs.artifacts['page'].path}}",
    ),
    "number in arguments": (lambda s, p: _container(s)["args"].append(3), "3 is no text"),
    "no image": (lambda s, p: _container(s).pop("image"), "no image"),
    "hook": (lambda s, p: _container(s).update(lifecycle={}), "lifecycle hooks are ignored"),
    "variable": (lambda s, p: _container(s)["env"].append({"name": "a-b", "value": "x"}), "env {'name': 'a-b'"),
    "bytes": (lambda s, p: _container(s)["resources"].update(memoryLimit=2**34), "memoryLimit 17179869184"),
    "request": (lambda s, p: _container(s)["resources"].update(cpuRequest=64.0), "cpuRequest is more than the limit"),
    "accelerator": (
        lambda s, p: _container(s)["resources"]["accelerator"].update(type="NVIDIA_TESLA_T4"),
        "accelerator {'count': '4', 'type': 'NVIDIA_TESLA_T4'}",
    ),
    "label": (
        lambda s, p: p["platforms"]["kubernetes"]["deploymentSpec"]["executors"].update({"trainer": {}}),
        "trainer is no executor",
    ),
    "unread": (lambda s, p: _executor(p).update(enabledSharedMemory={"size": "1Gi"}), "reads ['enabledSharedMemory']"),
    "policy": (lambda s, p: _executor(p).update(imagePullPolicy="Sometimes"), "imagePullPolicy Sometimes"),
    "claim twice": (
        lambda s, p: _executor(p)["pvcMount"].append({"constant": "millrace", "mountPath": "/x"}),
        "volume 'millrace'",
    ),
    "path": (lambda s, p: _executor(p)["pvcMount"][0].update(mountPath="/gcs"), "mount path '/gcs'"),
    "env twice": (
        lambda s, p: _executor(p)["secretAsEnv"][0]["keyToEnv"][0].update(envVar="MILLRACE_STORE"),
        "environment variable 'MILLRACE_STORE'",
    ),
    "pull secret": (lambda s, p: _executor(p)["imagePullSecret"].append({}), "a pull secret without a name"),
    "size": (lambda s, p: _executor(p)["emptyDirMounts"][0].update(sizeLimit="8 GB"), "emptyDir of size '8 GB'"),
    "operator": (lambda s, p: _executor(p)["tolerations"][0].update(operator="Like"), "toleration {"),
    "exists": (lambda s, p: _executor(p)["tolerations"][0].update(operator="Exists"), "toleration {"),
    "effect": (lambda s, p: _executor(p)["tolerations"][0].update(effect="Never"), "toleration {"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found(good: list[Document], name: str) -> None:
    spec, platform = copy.deepcopy(good)
    change, message = BROKEN[name]
    change(spec, platform)
    found = problems(_text([spec, platform]))
    assert any(message in each for each in found), found


def test_other_documents_are_refused(good: list[Document]) -> None:
    spec, platform = good
    assert problems(_text([spec])) == []
    for documents in ([platform], [spec, spec, platform], [spec, platform, platform], [spec, platform, {"x": 1}]):
        assert problems(_text(documents))
