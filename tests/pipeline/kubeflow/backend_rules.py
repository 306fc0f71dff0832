"""What the backend of KFP 2.5.0, and Argo 3.5.14 and Kubernetes below it, refuse or silently ignore.

Written from their Go sources, none of it from our compiler. Places are FILE:LINE below `backend/src` of
kubeflow/pipelines 2.5.0 unless they say otherwise; argo is argo-workflows 3.5.14.
"""

from __future__ import annotations

import graphlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml

Document = dict[str, Any]

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PLACEHOLDER = re.compile(r"\{\{\$(.*?)\}\}")
_INPUT = re.compile(r"\.inputs\.parameters\['([^']*)'\]")
_OUTPUT = re.compile(r"\.outputs\.artifacts\['([^']*)'\]\.(?:path|uri)")
_QUANTITY = re.compile(r"\d+(\.\d+)?([numkMGTPE]|[KMGTPE]i)?")
_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TYPES: dict[str, type | tuple[type, ...]] = {
    "STRING": str,
    "NUMBER_INTEGER": (int, float),
    "NUMBER_DOUBLE": (int, float),
    "BOOLEAN": bool,
    "LIST": list,
    "STRUCT": dict,
}
# v2/driver/driver.go:1643: other constants stay as they are.
_CONSTANTS = {
    "{{$.pipeline_job_name}}",
    "{{$.pipeline_job_resource_name}}",
    "{{$.pipeline_job_uuid}}",
    "{{$.pipeline_task_name}}",
    "{{$.pipeline_task_uuid}}",
}
# v2/driver/driver.go:738-1102 reads these; nodeAffinity is read from 2.14 on (v2/driver/k8s.go:486 there).
_READ = {
    "pvcMount", "imagePullPolicy", "nodeSelector", "tolerations", "secretAsVolume", "secretAsEnv", "configMapAsVolume",
    "configMapAsEnv", "imagePullSecret", "fieldPathAsEnv", "activeDeadlineSeconds", "genericEphemeralVolume",
    "emptyDirMounts", "podMetadata", "nodeAffinity",
}  # fmt: skip
# v2/compiler/argocompiler/container.go:339-380 and 490.
_TAKEN_VOLUMES = {
    "kfp-launcher", "gcs-scratch", "s3-scratch", "minio-scratch", "dot-local-scratch", "dot-cache-scratch",
    "dot-config-scratch", "ca-bundle",
}  # fmt: skip
_TAKEN_PATHS = {"/kfp-launcher", "/gcs", "/s3", "/minio", "/.local", "/.cache", "/.config"}


def problems(text: str) -> list[str]:
    """What is wrong with a compiled pipeline; nothing where the backend runs it as it says."""
    documents = [document for document in yaml.load_all(text, yaml.CSafeLoader) if document]
    pipelines = [document for document in documents if "pipelineInfo" in document and "root" in document]
    platforms = [document for document in documents if "kubernetes" in document.get("platforms", {})]
    # apiserver/template/v2_template.go:176-223
    if len(pipelines) != 1 or len(platforms) > 1 or len(documents) != len(pipelines) + len(platforms):
        return [f"{len(pipelines)} pipeline specs and {len(platforms)} platform specs in {len(documents)} documents"]
    spec = pipelines[0]
    executors = platforms[0]["platforms"]["kubernetes"]["deploymentSpec"]["executors"] if platforms else {}
    rules: tuple[Callable[[Document], Iterator[str]], ...] = (_head, _tasks, _graph, _components, _inputs, _containers)
    found = [problem for rule in rules for problem in rule(spec)]
    return [*found, *_platform(spec, executors)]


def _head(spec: Document) -> Iterator[str]:
    if spec.get("schemaVersion") != "2.1.0":  # apiserver/template/v2_template.go:190
        yield f"schemaVersion {spec.get('schemaVersion')!r}"
    name = spec["pipelineInfo"].get("name", "")
    # v2_template.go:196; the workflow is called so and five letters more (argo.go:101), which is a label of its pods.
    if not _LABEL.fullmatch(name) or len(name) > 57:
        yield f"pipeline name {name!r}"
    for parameter, definition in spec["root"].get("inputDefinitions", {}).get("parameters", {}).items():
        kind = _TYPES.get(definition.get("parameterType"))
        if kind is None:  # v2_template.go:393-426
            yield f"parameter {parameter} has type {definition.get('parameterType')!r}"
        elif "defaultValue" not in definition:
            yield f"parameter {parameter} has no default"
        elif not isinstance(definition["defaultValue"], kind) or _is_bool_number(definition):
            yield f"parameter {parameter} has the default {definition['defaultValue']!r}"


def _is_bool_number(definition: Document) -> bool:
    return definition["parameterType"] != "BOOLEAN" and isinstance(definition["defaultValue"], bool)


def _dag(spec: Document) -> Document:
    tasks: Document = spec["root"].get("dag", {}).get("tasks", {})
    return tasks


def _tasks(spec: Document) -> Iterator[str]:
    if not _dag(spec):  # v2/compiler/argocompiler/dag.go:137
        yield "root has no tasks"
    taken: set[str] = set()
    for name, task in _dag(spec).items():
        # container.go:278-283: pods of a task with a retryPolicy are named after it, and a pod's name is RFC 1123.
        # argo workflow/validate/validate.go:1325: no digit first where there are dependencies.
        if not _LABEL.fullmatch(name) or name[0].isdigit():
            yield f"task name {name!r}"
        if {name, f"{name}-driver"} & taken:  # dag.go:281: each task gets a driver in the same DAG
            yield f"task {name} and another are one in Argo"
        taken |= {name, f"{name}-driver"}
        # driver.go:1358; frontend/src/lib/v2/DynamicFlow.ts finds artifacts by this name at the task of that key.
        if task.get("taskInfo", {}).get("name") != name:
            yield f"task {name} is shown as {task.get('taskInfo')}"
        if task.get("cachingOptions", {}).get("enableCache"):
            yield f"task {name} is cached by KFP"
        yield from (
            f"task {name}: {field} is not implemented, or not what we do"
            for field in ("parameterIterator", "artifactIterator", "triggerPolicy", "iteratorPolicy")
            if field in task
        )
        yield from (f"task {name}: {problem}" for problem in _retries(task.get("retryPolicy")))


def _retries(policy: Document | None) -> Iterator[str]:
    """container.go:520-552; both durations and the factor become whole numbers there."""
    if policy is None:
        return
    if policy.get("maxRetryCount", 0) < 1:
        yield "a retryPolicy without retries"
    if not re.fullmatch(r"\d+s", policy.get("backoffDuration", "")):
        yield f"backoffDuration {policy.get('backoffDuration')!r}"
    if policy.get("backoffFactor", 0) != int(policy.get("backoffFactor", 0)):
        yield f"backoffFactor {policy['backoffFactor']} is cut to a whole number"
    if "backoffMaxDuration" in policy:  # argo workflow/controller/operator.go:1041-1093
        yield "backoffMaxDuration counts from the start of the first try: steps that take longer are never retried"


def _graph(spec: Document) -> Iterator[str]:
    edges = {name: task.get("dependentTasks", []) for name, task in _dag(spec).items()}
    for name, above in edges.items():
        if len(set(above)) < len(above):
            yield f"task {name} depends on one task twice"
        # argo validate.go:1363
        yield from (f"task {name} depends on {each!r}, which is none" for each in above if each not in edges)
    try:  # argo validate.go:1504
        graphlib.TopologicalSorter({name: set(above) & edges.keys() for name, above in edges.items()}).prepare()
    except graphlib.CycleError as error:
        yield f"tasks wait for each other: {error.args[1]}"


def _components(spec: Document) -> Iterator[str]:
    components, executors = spec.get("components", {}), spec.get("deploymentSpec", {}).get("executors", {})
    for name in [*components, *executors]:
        if not _LABEL.fullmatch(name):
            yield f"name {name!r}"
    for name, task in _dag(spec).items():
        if task.get("componentRef", {}).get("name") not in components:  # v2/compiler/visitor.go:149-156
            yield f"task {name} refers to component {task.get('componentRef')}, which is none"
    containers: dict[str, str] = {}
    for name, component in components.items():
        label = component.get("executorLabel")
        if label not in executors:  # visitor.go:104-109
            yield f"component {name} refers to executor {label!r}, which is none"
        elif "container" not in executors[label]:  # visitor.go:119-128, dag.go:316-331
            yield f"executor {label} is no container: {sorted(executors[label])}"
        else:
            # v2/compiler/argocompiler/argo.go:209-227: of components with the same container only the first counts.
            container = json.dumps(executors[label]["container"], sort_keys=True)
            if container in containers:
                yield f"components {containers[container]} and {name} have the same container"
            containers[container] = name


def _inputs(spec: Document) -> Iterator[str]:
    given = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    for name, task in _dag(spec).items():
        component = spec.get("components", {}).get(task.get("componentRef", {}).get("name"), {})
        wanted = component.get("inputDefinitions", {}).get("parameters", {})
        inputs = task.get("inputs", {}).get("parameters", {})
        if missing := wanted.keys() - inputs.keys():  # v2/driver/driver.go:1443-1448
            yield f"task {name} has no value for {sorted(missing)}"
        if surplus := inputs.keys() - wanted.keys():
            yield f"task {name} is given {sorted(surplus)}, which its component does not take"
        for key, value in inputs.items():
            source, constant = value.get("componentInputParameter"), value.get("runtimeValue", {}).get("constant")
            if source is None and constant is None:
                yield f"task {name}: input {key} is {value}, which waits for another task or is no value"
            elif source is not None and source not in given:  # driver.go:1609
                yield f"task {name}: input {key} is the parameter {source!r}, which is none"
            elif source is not None and given[source].get("parameterType") != wanted.get(key, {}).get("parameterType"):
                yield f"task {name}: input {key} has another type than the parameter"  # driver.go:1458-1496
            elif isinstance(constant, str) and "{{" in constant and constant not in _CONSTANTS:
                yield f"task {name}: input {key} is {constant}, which nobody replaces"


def _containers(spec: Document) -> Iterator[str]:
    executors = spec.get("deploymentSpec", {}).get("executors", {})
    for component in spec.get("components", {}).values():
        label = component.get("executorLabel")
        container = executors.get(label, {}).get("container", {})
        inputs = component.get("inputDefinitions", {}).get("parameters", {})
        outputs = component.get("outputDefinitions", {}).get("artifacts", {})
        yield from (f"executor {label}: {problem}" for problem in _container(container, set(inputs), set(outputs)))


def _container(container: Document, inputs: set[str], outputs: set[str]) -> Iterator[str]:
    if not container.get("image") or not container.get("command"):
        yield "no image or no command"
    if "lifecycle" in container:  # no Go file reads it
        yield "lifecycle hooks are ignored"
    for word in [*container.get("command", []), *container.get("args", [])]:
        if not isinstance(word, str):
            yield f"{word!r} is no text"
            continue
        for inside in _PLACEHOLDER.findall(word):  # v2/component/launcher_v2.go:736-819
            parameter, artifact = _INPUT.fullmatch(inside), _OUTPUT.fullmatch(inside)
            known = (parameter and parameter[1] in inputs) or (artifact and artifact[1] in outputs)
            if inside and not known:
                yield f"nobody replaces {{{{${inside}}}}} in arguments"
    for variable in container.get("env", []):
        if not _ENV.fullmatch(variable.get("name", "")) or not isinstance(variable.get("value"), str):
            yield f"env {variable}"
    yield from _resources(container.get("resources", {}))


def _resources(resources: Document) -> Iterator[str]:
    """v2/driver/driver.go:414-594; `%vG` of a small float64 is 1e-05G, which is no quantity."""
    for field in ("cpuLimit", "cpuRequest", "memoryLimit", "memoryRequest"):
        if field in resources and not 1e-4 <= resources[field] < 1e9:
            yield f"{field} {resources[field]}"
    for kind in ("cpu", "memory"):
        if resources.get(f"{kind}Request", 0) > resources.get(f"{kind}Limit", float("inf")):
            yield f"{kind}Request is more than the limit"
    accelerator = resources.get("accelerator")
    # Anything else is no resource of a node (pod spec: resources.limits).
    if accelerator and (accelerator.get("type") != "nvidia.com/gpu" or int(accelerator.get("count", 0)) < 1):
        yield f"accelerator {accelerator}"


def _platform(spec: Document, executors: Document) -> Iterator[str]:
    known = spec.get("deploymentSpec", {}).get("executors", {})
    for label, config in executors.items():
        if label not in known:  # visitor.go:112: it would never be looked at
            yield f"platform: {label} is no executor"
        for problem in _kubernetes(config, known.get(label, {}).get("container", {})):
            yield f"platform: {label}: {problem}"


def _kubernetes(config: Document, container: Document) -> Iterator[str]:
    if unread := config.keys() - _READ:
        yield f"no backend reads {sorted(unread)}"
    if config.get("imagePullPolicy", "Always") not in ("Always", "Never", "IfNotPresent"):  # driver.go:769
        yield f"imagePullPolicy {config['imagePullPolicy']}"
    volumes, paths, names = set(_TAKEN_VOLUMES), set(_TAKEN_PATHS), {each["name"] for each in container.get("env", [])}
    for volume, path in _mounts(config):
        # driver.go:2512-2520, 875-887, 941-955: a volume is called as what it holds; in a pod each name is there once.
        if not volume or not _LABEL.fullmatch(volume) or volume in volumes:
            yield f"volume {volume!r}"
        if not path or not path.startswith("/") or path in paths:
            yield f"mount path {path!r}"
        volumes.add(volume)
        paths.add(path)
    for name, variable in _variables(config):
        if not name or not _ENV.fullmatch(variable) or variable in names:
            yield f"environment variable {variable!r} of {name!r}"
        names.add(variable)
    for each in config.get("imagePullSecret", []):
        if not each.get("secretName"):  # driver.go:1005
            yield "a pull secret without a name"
    for each in config.get("emptyDirMounts", []):
        if not _QUANTITY.fullmatch(each.get("sizeLimit", "1Gi")):  # driver.go:1082 panics
            yield f"emptyDir of size {each['sizeLimit']!r}"
    for each in config.get("tolerations", []):
        if each.get("operator", "Equal") not in ("Equal", "Exists") or (
            each.get("operator") == "Exists" and "value" in each
        ):
            yield f"toleration {each}"
        if each.get("effect", "") not in ("", "NoSchedule", "PreferNoSchedule", "NoExecute"):
            yield f"toleration {each}"


def _mounts(config: Document) -> Iterator[tuple[str, str]]:
    yield from ((each.get("constant", ""), each.get("mountPath", "")) for each in config.get("pvcMount", []))
    yield from ((each.get("secretName", ""), each.get("mountPath", "")) for each in config.get("secretAsVolume", []))
    yield from (
        (each.get("configMapName", ""), each.get("mountPath", "")) for each in config.get("configMapAsVolume", [])
    )
    yield from ((each.get("volumeName", ""), each.get("mountPath", "")) for each in config.get("emptyDirMounts", []))


def _variables(config: Document) -> Iterator[tuple[str, str]]:
    for field, owner in (("secretAsEnv", "secretName"), ("configMapAsEnv", "configMapName")):
        for each in config.get(field, []):
            yield from ((each.get(owner, ""), pair.get("envVar", "")) for pair in each.get("keyToEnv", []))
