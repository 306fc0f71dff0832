"""The cluster that a pipeline is compiled for: image, storage, metadata store, node pools."""

from __future__ import annotations

from typing import Literal, Union

import pydantic

import pipeline
from pipeline.config.pools import NodePool
from pipeline.config.record import Record
from pipeline.config.resources import Memory

IMAGE = f"millrace:{pipeline.__version__}"
"""What `millrace image build` makes where it is not told otherwise."""


_PATH = r"^/[^\s:{}]+$"
"""Kubernetes takes no colon; what stands in braces Argo and KFP's launcher replace."""


class Volume(Record):
    """A PersistentVolumeClaim in every step's pod. It must be ReadWriteMany if steps run on several nodes."""

    claim: str
    path: str = pydantic.Field(pattern=_PATH)


class Key(Record):
    """One key of a Secret or a ConfigMap, as the environment variable `env`."""

    name: str
    key: str
    env: str = pydantic.Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")


class Mount(Record):
    """A Secret or a ConfigMap as files under `path`."""

    name: str
    path: str = pydantic.Field(pattern=_PATH)


class Retries(Record):
    """How often a step is tried again when its container fails, and how long to wait before."""

    count: int = pydantic.Field(default=2, ge=0, le=1000)
    seconds: int = pydantic.Field(default=10, ge=0)
    """Before the first; doubled for each one after it, where the last stays within `most_seconds`."""
    most_seconds: int = pydantic.Field(default=300, ge=0)
    """The longest wait. Where doubling would lead beyond it all waits are `seconds` long."""

    @pydantic.model_validator(mode="after")
    def _within(self) -> Retries:
        if self.seconds > self.most_seconds:
            raise ValueError(
                f"seconds={self.seconds} is longer than the longest wait, most_seconds={self.most_seconds}: raise that"
            )
        return self


class Kubeflow(Record):
    """Where and with what the steps run on Kubeflow Pipelines (backend 2.5 or later)."""

    image: str = IMAGE
    """The image of all steps."""
    gpu_image: Union[str, None] = None
    """The image of steps with GPUs; None is `image`."""
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    pull_secrets: tuple[str, ...] = ()
    root: str = "/mnt/millrace"
    """What `Config.root` is on the cluster: a folder of a volume; the default of the parameter pipeline_root."""
    store: str = "mysql://millrace@millrace-metadata:3306/millrace"
    """The ML Metadata store: mysql:// or postgresql://USER@HOST:PORT/DATABASE."""
    password: Union[Key, None] = Key(name="millrace-metadata", key="password", env="MILLRACE_STORE_PASSWORD")
    """The store's password; None where it needs none."""
    volumes: tuple[Volume, ...] = (Volume(claim="millrace", path="/mnt/millrace"),)
    secrets: tuple[Key, ...] = ()
    config_maps: tuple[Key, ...] = ()
    secret_mounts: tuple[Mount, ...] = ()
    config_map_mounts: tuple[Mount, ...] = ()
    shared_memory: Union[Memory, None] = "2Gi"
    """/dev/shm of steps with GPUs (NCCL needs more than the 64 MiB of a container); None leaves it."""
    pools: tuple[NodePool, ...] = ()
    """In the order of preference: a step goes to the first that can hold it. None at all: Kubernetes decides.

    A step without GPUs goes to a pool with GPUs, or to a tainted one that is not spot, only where it names it or no
    other can hold it.
    """
    retries: Retries = Retries()
    spot_retries: Retries = Retries(count=10)
    """Of steps in pools of spot nodes."""
    runtime: tuple[str, ...] = ("data.span", "trainer.epochs")
    """Fields of the config that a run may set, as `--set` names them. Each is a parameter of the pipeline, by its name
    with underscores: data_span."""
    resumes: int = pydantic.Field(default=3, ge=0)
    """How often `submit --wait` goes on with a run whose pod was lost with its node, which KFP does not retry."""
