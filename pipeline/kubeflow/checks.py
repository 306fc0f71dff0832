"""What Kubernetes would refuse in every pod, or what could not work there, said before anything is compiled."""

from __future__ import annotations

import os
import posixpath
import re

from components.errors import ConfigError, InputError
from pipeline.config.config import Config
from pipeline.config.drift import WEBHOOK, variable_of
from pipeline.config.embedded import portable
from pipeline.config.kubeflow import Kubeflow
from pipeline.config.pools import Expression, NodePool
from pipeline.connection import PASSWORD, STORE, of_server
from pipeline.image.names import RULE, is_image
from pipeline.kubeflow.mounts import check_mounts
from pipeline.kubeflow.parameters import REPLACED, is_replaced
from pipeline.kubeflow.placement import needs_of
from pipeline.kubeflow.twins import refuse_twins

_OBJECT = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_LONGEST_NAME = 63 - len("-abcde")
"""Argo labels pods with the workflow's name, which is the pipeline's and five characters more."""
_SET_BY = {
    rf"{STORE}": "the compiler sets it to kubeflow.store",
    r"PATH|HOME|PYTHON(PATH|HOME)|LD_\w+|NVIDIA_\w+": "the image sets it, and starts nothing with another",
    r"CUDA_VISIBLE_DEVICES": "each step sets it by its resources",
    r"KFP_\w+|ARGO_\w+|METADATA_GRPC_SERVICE_\w+": "Kubeflow sets it in every pod",
}
"""Variables that a Secret or a ConfigMap must not be, and why."""


def check(config: Config) -> None:
    """Refuse what could not run.

    Raises:
        ConfigError: names the field.
    """
    cluster = config.kubeflow
    if len(config.name) > _LONGEST_NAME:
        raise ConfigError(
            f"name: Kubernetes takes at most {_LONGEST_NAME} characters. Received: {len(config.name)}, {config.name!r}"
        )
    _check_images(cluster)
    check_mounts(cluster)
    _check_variables(cluster)
    _check_root(cluster)
    _check_pushed(config)
    _check_store(cluster)
    _check_hook(config)
    _check_training(config)
    refuse_twins("kubeflow.pools: the name", (pool.name for pool in cluster.pools))
    for pool in cluster.pools:
        _check_pool(pool)


def _check_images(cluster: Kubeflow) -> None:
    for field, image in (("image", cluster.image), ("gpu_image", cluster.gpu_image)):
        if image is not None and not is_image(image):
            raise ConfigError(f"kubeflow.{field} {RULE}. Received: {image!r}")


def _check_variables(cluster: Kubeflow) -> None:
    keys = (*([cluster.password] if cluster.password else []), *cluster.secrets, *cluster.config_maps)
    for name in (*(key.name for key in keys), *cluster.pull_secrets):
        if not _OBJECT.fullmatch(name):
            raise ConfigError(f"kubeflow: no Secret or ConfigMap can be called {name!r}")
    for field, given in (("secrets", cluster.secrets), ("config_maps", cluster.config_maps)):
        for key in given:
            why = next((why for names, why in _SET_BY.items() if re.fullmatch(names, key.env)), None)
            if why:
                raise ConfigError(f"kubeflow.{field}: {key.name} cannot be the variable {key.env}: {why}")
    refuse_twins("kubeflow: the environment variable", (key.env for key in keys))


def _check_root(cluster: Kubeflow) -> None:
    if is_replaced(cluster.root):
        raise ConfigError(f"kubeflow.root: {REPLACED}. Received: {cluster.root!r}")
    if not _in_volume(cluster, cluster.root):
        raise ConfigError(
            f"kubeflow.root must lie in one of kubeflow.volumes ({_paths(cluster)}), or no step would see what another "
            "wrote. A bucket can be one: GCS FUSE and S3 CSI mount it, and a run needs folders with renames. "
            f"Received: {cluster.root!r}"
        )


def _check_pushed(config: Config) -> None:
    path = portable(config)["pusher"]["path"]
    if path is not None and not _in_volume(config.kubeflow, path):
        raise ConfigError(
            f"pusher.path must lie in one of kubeflow.volumes ({_paths(config.kubeflow)}), or the pushed model is gone "
            f"with the container; None is serving/{config.name} under the root. Received: {path!r}"
        )


def _in_volume(cluster: Kubeflow, path: str) -> bool:
    folders = [posixpath.normpath(each.path) for each in cluster.volumes]
    return posixpath.isabs(path) and any(
        posixpath.commonpath([folder, posixpath.normpath(path)]) == folder for folder in folders
    )


def _paths(cluster: Kubeflow) -> str:
    return ", ".join(each.path for each in cluster.volumes) or "there are none"


def _check_store(cluster: Kubeflow) -> None:
    try:
        of_server(cluster.store)
    except InputError as error:
        raise ConfigError(f"kubeflow.store: {error}") from None
    if cluster.password and cluster.password.env != PASSWORD:
        raise ConfigError(f"kubeflow.password.env must be {PASSWORD}. Received: {cluster.password.env!r}")


def _check_hook(config: Config) -> None:
    hook = portable(config)["drift"]["hook"] if config.drift else None
    if not hook:
        return
    if WEBHOOK.search(hook):
        raise ConfigError(
            "drift.hook names a webhook, which everybody could read in the arguments of pods and in KFP's UI: put it "
            'into a Secret, and write hook="env:MILLRACE_HOOK" and '
            'kubeflow.secrets=(c.Key(name="millrace-hook", key="url", env="MILLRACE_HOOK"),)'
        )
    variable, cluster = variable_of(hook), config.kubeflow
    if variable and variable not in {key.env for key in (*cluster.secrets, *cluster.config_maps)}:
        raise ConfigError(
            f"drift.hook is {hook}, and nothing in kubeflow.secrets (or config_maps) sets {variable}: "
            f'c.Key(name="millrace-hook", key="url", env="{variable}")'
        )
    if config.project and os.path.join(config.project, "") in hook:
        raise ConfigError(
            f"drift.hook names a folder of this machine, {config.project}: a path in it is relative to the project, as "
            f"in 'sh notify.sh'. Received: {hook!r}"
        )


def _check_training(config: Config) -> None:
    """What the node would refuse once it sees its GPUs, or leave idle."""
    for node in ("Trainer", *(("Tuner",) if config.tuner else ())):
        gpus = needs_of(config, node).gpus or 0
        if gpus > 1 and not config.trainer.distribute:
            raise ConfigError(
                f"resources: {node} asks for {gpus} GPUs, and trainer.distribute=False trains on one: ask for gpus=1, "
                "or let them share (distribute=True)"
            )
        if gpus > 1:
            config.trainer.check_shared_by(gpus)


def _check_pool(pool: NodePool) -> None:
    place = f"kubeflow.pools: {pool.name}"
    pairs = [*pool.labels.items(), *((taint.key, taint.value) for taint in pool.taints)]
    for key in (*(key for key, _ in pairs), *(expression.key for expression in pool.expressions)):
        if not _KEY.fullmatch(key):
            raise ConfigError(f"{place}: {key!r} is no key of a label or a taint")
    for key, value in pairs:
        if not _VALUE.fullmatch(value):
            raise ConfigError(
                f"{place}: {key} has a value of at most 63 letters, digits, dots, dashes and underscores. "
                f"Received: {value!r}"
            )
    for expression in pool.expressions:
        _check_expression(place, expression)


def _check_expression(place: str, expression: Expression) -> None:
    count = len(expression.values)
    match expression.operator:
        case "In" | "NotIn" if not count:
            problem = "takes values"
        case "Exists" | "DoesNotExist" if count:
            problem = "takes no values"
        case "Gt" | "Lt" if count != 1 or not expression.values[0].lstrip("-").isdecimal():
            problem = "takes one whole number"
        case _:
            return
    raise ConfigError(
        f"{place}: {expression.operator} on {expression.key} {problem}. Received: {list(expression.values)}"
    )
