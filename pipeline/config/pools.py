"""The node pools of a cluster: what their nodes have, and who may run there."""

from __future__ import annotations

from typing import Literal, Union

import pydantic

from pipeline.config.record import Record
from pipeline.config.resources import Memory

GKE_ACCELERATOR = "cloud.google.com/gke-accelerator"
"""The label that GKE gives the nodes of a pool with GPUs: "nvidia-l4", "nvidia-tesla-t4"."""
GPU_PRODUCT = "nvidia.com/gpu.product"
"""The label of NVIDIA's GPU operator (gpu-feature-discovery): "NVIDIA-A100-SXM4-40GB"."""


class Taint(Record):
    """A taint of a pool's nodes, which pods must tolerate."""

    key: str = pydantic.Field(min_length=1)
    value: str = ""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"


class Expression(Record):
    """One condition on a node's labels, where equality is not enough (node affinity; read by backends from 2.14)."""

    key: str = pydantic.Field(min_length=1)
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"] = "In"
    values: tuple[str, ...] = ()


class NodePool(Record):
    """Nodes that are alike. The amounts are what one node has left for pods (`kubectl describe node`: Allocatable)."""

    name: str = pydantic.Field(min_length=1)
    labels: dict[str, str] = {}
    """What tells its nodes from others: a pod's node selector."""
    expressions: tuple[Expression, ...] = ()
    taints: tuple[Taint, ...] = ()
    cpu: Union[float, None] = pydantic.Field(default=None, gt=0)
    """Cores; None is enough for any step."""
    memory: Union[Memory, None] = None
    """Memory; None is enough for any step."""
    gpus: int = pydantic.Field(default=0, ge=0)
    accelerator: Union[str, None] = None
    """The kind of its GPUs; None reads it from the labels of GKE or of NVIDIA's GPU operator."""
    spot: bool = False
    """Its nodes may be taken away at any moment: steps placed there are tried more often."""

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> NodePool:
        if not self.name.strip() or not self.name.isprintable():
            raise ValueError(f"name must be one line that can be printed. Received: {self.name!r}")
        if not self.gpus and self.kind:
            raise ValueError(f"pool {self.name!r} has GPUs of kind {self.kind!r} but gpus=0: say how many a node has")
        return self

    @property
    def kind(self) -> Union[str, None]:
        """The kind of its GPUs, if it says so."""
        return self.accelerator or self.labels.get(GKE_ACCELERATOR) or self.labels.get(GPU_PRODUCT)
