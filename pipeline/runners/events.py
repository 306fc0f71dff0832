"""What a runner tells its listener while it runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Union

from components.progress import Value
from pipeline.config import Config
from pipeline.runs import NodeRecord, RunRecord


@dataclasses.dataclass(frozen=True)
class RunStarted:
    """A run begins, or goes on. Runs of earlier spans come before the one they are for."""

    run_id: str
    nodes: tuple[str, ...]
    log_dir: str


@dataclasses.dataclass(frozen=True)
class NodeStarted:
    """A node's driver begins."""

    node: str


@dataclasses.dataclass(frozen=True)
class NodeProgress:
    """An executor reported how far it is."""

    node: str
    fields: Mapping[str, Value]


@dataclasses.dataclass(frozen=True)
class NodeFinished:
    """A node reached its last state."""

    record: NodeRecord


@dataclasses.dataclass(frozen=True)
class Message:
    """One line for the user."""

    text: str


Event = Union[RunStarted, NodeStarted, NodeProgress, NodeFinished, Message]
Listener = Callable[[Event], None]
After = Callable[[Config, RunRecord], Sequence[str]]
"""Called when a run has ended; returns what went wrong in it."""
