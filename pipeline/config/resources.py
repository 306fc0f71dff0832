"""What the nodes need to run on."""

from __future__ import annotations

import pydantic

from pipeline.config.record import Record


class Resources(Record):
    """The needs of one node."""

    gpus: int = pydantic.Field(default=0, ge=0)
    """On this machine: 0 hides all GPUs from the node, otherwise it sees those that there are."""


USUAL = {"Tuner": Resources(gpus=1), "Trainer": Resources(gpus=1)}
"""Needs of nodes that the config says nothing of."""
