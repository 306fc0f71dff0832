"""The second document: what pods need of Kubernetes, as kfp-kubernetes' KubernetesExecutorConfig, by executor.

It is written as plain data: the kfp-kubernetes that fits our kfp knows no tolerations, emptyDirs or pull policies,
which the backend honours. Fields are those that backends of 2.5 read and that later ones still do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.config.kubeflow import Key, Kubeflow
from pipeline.config.pools import NodePool, Taint
from pipeline.kubeflow import names
from pipeline.kubeflow.steps import Step

SHARED_MEMORY, SHARED_MEMORY_PATH = "shared-memory", "/dev/shm"
"""The volume in memory that takes the place of a container's 64 MiB."""


def platform_spec(steps: Sequence[Step], cluster: Kubeflow) -> dict[str, Any]:
    """The document."""
    executors = {names.executor(step.task): _executor(step, cluster) for step in steps}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}


def _executor(step: Step, cluster: Kubeflow) -> dict[str, Any]:
    pool = step.placement.pool
    found = {**_of_pods(cluster), **(_of_pool(pool) if pool else {})}
    if step.placement.needs.gpus and cluster.shared_memory:
        # enabledSharedMemory is there for this, but no backend reads it.
        found["emptyDirMounts"] = [
            {
                "medium": "Memory",
                "mountPath": SHARED_MEMORY_PATH,
                "sizeLimit": cluster.shared_memory,
                "volumeName": SHARED_MEMORY,
            }
        ]
    return found


def _of_pods(cluster: Kubeflow) -> dict[str, Any]:
    """What all pods have; empty lists are left out."""
    secrets = (*([cluster.password] if cluster.password else []), *cluster.secrets)
    found: dict[str, Any] = {
        "imagePullPolicy": cluster.pull_policy,
        "imagePullSecret": [{"secretName": name} for name in cluster.pull_secrets],
        "pvcMount": [{"constant": each.claim, "mountPath": each.path} for each in cluster.volumes],
        "secretAsEnv": [
            {"keyToEnv": [{"envVar": each.env, "secretKey": each.key} for each in keys], "secretName": name}
            for name, keys in _by_name(secrets)
        ],
        "secretAsVolume": [{"mountPath": each.path, "secretName": each.name} for each in cluster.secret_mounts],
        "configMapAsEnv": [
            {"configMapName": name, "keyToEnv": [{"configMapKey": each.key, "envVar": each.env} for each in keys]}
            for name, keys in _by_name(cluster.config_maps)
        ],
        "configMapAsVolume": [
            {"configMapName": each.name, "mountPath": each.path} for each in cluster.config_map_mounts
        ],
    }
    return {field: value for field, value in found.items() if value}


def _by_name(keys: Iterable[Key]) -> list[tuple[str, list[Key]]]:
    found: dict[str, list[Key]] = {}
    for key in keys:
        found.setdefault(key.name, []).append(key)
    return list(found.items())


def _of_pool(pool: NodePool) -> dict[str, Any]:
    """What leads a pod to the pool's nodes, and what lets it in."""
    found: dict[str, Any] = {}
    if pool.labels:
        found["nodeSelector"] = {"labels": dict(pool.labels)}
    if pool.taints:
        found["tolerations"] = [_toleration(taint) for taint in pool.taints]
    if pool.expressions:
        # One term: the conditions of a term must all hold, of several terms only one. Backends before 2.14 ignore it.
        conditions = [each.model_dump(exclude_defaults=True) | {"operator": each.operator} for each in pool.expressions]
        found["nodeAffinity"] = [{"matchExpressions": conditions}]
    return found


def _toleration(taint: Taint) -> dict[str, str]:
    """Of exactly that taint."""
    value = {"value": taint.value} if taint.value else {}
    return {"effect": taint.effect, "key": taint.key, "operator": "Equal", **value}
