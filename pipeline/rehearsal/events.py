"""What a rehearsal tells while it goes on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Union

from pipeline.rehearsal.record import TaskRecord, Try


@dataclasses.dataclass(frozen=True)
class Started:
    """The rehearsal begins."""

    job: str
    tasks: int
    folder: str
    notes: tuple[str, ...]
    """What pods would have on a cluster and the containers do not have here."""


@dataclasses.dataclass(frozen=True)
class TryStarted:
    """A container of a task starts."""

    task: str
    number: int


@dataclasses.dataclass(frozen=True)
class TryFailed:
    """A container of a task has failed, and another will follow."""

    task: str
    ended: Try
    reason: str
    wait: float


@dataclasses.dataclass(frozen=True)
class Finished:
    """A task is over, or will never start."""

    task: TaskRecord


Event = Union[Started, TryStarted, TryFailed, Finished]
Listener = Callable[[Event], None]
