"""What a rehearsal leaves behind: ROOT/rehearsals/JOB/rehearsal.json."""

from __future__ import annotations

import datetime
from typing import Any, Literal, Union

import pydantic

from pipeline.rehearsal.outputs import Shown

State = Literal["waiting", "running", "succeeded", "failed", "skipped", "interrupted"]


class Try(pydantic.BaseModel, frozen=True):
    """One container of a task."""

    started: datetime.datetime
    ended: datetime.datetime
    exit_code: int
    log: str

    @property
    def seconds(self) -> float:
        """How long it ran."""
        return (self.ended - self.started).total_seconds()


class TaskRecord(pydantic.BaseModel, frozen=True):
    """One task."""

    name: str
    title: str
    """What KFP's UI calls it."""
    image: str
    state: State = "waiting"
    reason: str = ""
    """Why it failed or was skipped."""
    tries: tuple[Try, ...] = ()
    artifacts: dict[str, Shown] = {}
    """What KFP's UI would show of it, by output key."""

    @property
    def seconds(self) -> float:
        """From the start of the first try to the end of the last."""
        return (self.tries[-1].ended - self.tries[0].started).total_seconds() if self.tries else 0.0

    @property
    def exit_code(self) -> int:
        """What the last try ended with."""
        return self.tries[-1].exit_code if self.tries else 0


class RehearsalRecord(pydantic.BaseModel, frozen=True):
    """One rehearsal."""

    job: str
    pipeline: str
    file: str
    runtime: str
    parameters: dict[str, Any]
    started: datetime.datetime
    ended: Union[datetime.datetime, None] = None
    exit_code: Union[int, None] = None
    tasks: tuple[TaskRecord, ...]

    def task(self, name: str) -> TaskRecord:
        """The task of that name."""
        return next(task for task in self.tasks if task.name == name)

    def with_task(self, task: TaskRecord) -> RehearsalRecord:
        """This record with `task` in the place of the one of the same name."""
        return self.model_copy(update={"tasks": tuple(task if old.name == task.name else old for old in self.tasks)})


def now() -> datetime.datetime:
    """The time of day, with its zone."""
    return datetime.datetime.now(datetime.timezone.utc)
