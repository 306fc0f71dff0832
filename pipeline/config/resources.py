"""What the nodes need to run on."""

from __future__ import annotations

import math
import re
from typing import Annotated, Union

import pydantic

from pipeline.config.record import Record

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(k|[MGT]|[KMGT]i|)")


def as_bytes(quantity: str) -> int:
    """Bytes of a Kubernetes quantity of memory: `as_bytes("1.5Gi") == 1610612736`.

    Raises:
        ValueError: it is none.
    """
    found = _QUANTITY.fullmatch(quantity)
    if not found or not float(found[1]):
        raise ValueError(
            f"write an amount of memory like '512Mi' or '32Gi' (Kubernetes' units). Received: {quantity!r}"
        )
    return math.ceil(float(found[1]) * _UNITS[found[2]])


def _checked(quantity: str) -> str:
    as_bytes(quantity)
    return quantity


LEAST = "64Mi"
"""No step starts with less memory: Python and TFX's imports alone take several times as much."""

Memory = Annotated[str, pydantic.AfterValidator(_checked)]
"""An amount of memory in Kubernetes' units: "512Mi", "32Gi", "64G"."""


class Resources(Record):
    """The needs of one node."""

    gpus: Union[int, None] = pydantic.Field(default=None, ge=0)
    """On this machine: 0 hides all GPUs from the node, otherwise it sees those that there are. On a cluster: how many
    its pod gets; training shares each batch among all of them (MirroredStrategy). None is 1 for Trainer and Tuner, on a
    cluster only where a pool has GPUs, and 0 for all others."""
    accelerator: Union[str, None] = None
    """The kind of GPU, as node pools name it ("nvidia-l4"); None takes any."""
    cpu: Union[float, None] = pydantic.Field(default=None, ge=0.001)
    """Cores. On a cluster request and limit alike, None is no limit; on this machine see `Machine`."""
    memory: Union[Memory, None] = None
    """As `cpu`."""
    pool: Union[str, None] = None
    """The name of the node pool it must run in; None takes the first that can hold it."""
    workers: int = pydantic.Field(default=1, ge=1)
    """Pods that train together: reserved, only 1 is taken so far."""

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> Resources:
        if self.workers > 1:
            raise ValueError(
                "training on several pods (MultiWorkerMirroredStrategy) does not exist yet: give one pod several GPUs "
                f"(gpus=4). Received: workers={self.workers}"
            )
        if self.accelerator and not self.gpus:
            raise ValueError(f"accelerator={self.accelerator!r} without gpus: say how many (gpus=1)")
        if self.memory and as_bytes(self.memory) < as_bytes(LEAST):
            raise ValueError(f"memory={self.memory!r}: no step starts with less than {LEAST}. Units: 512Mi, 4Gi")
        return self


USUAL_GPUS = {"Tuner": 1, "Trainer": 1}
"""How many a node gets of which the config does not say it; others get none."""
