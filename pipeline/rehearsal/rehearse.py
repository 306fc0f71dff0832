"""A whole rehearsal, from the compiled file to its record."""

from __future__ import annotations

import dataclasses
import os
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from components.errors import ExitCode
from pipeline import runs
from pipeline.rehearsal.environment import Replaced
from pipeline.rehearsal.events import Listener, Started
from pipeline.rehearsal.parameters import given, job_constants, root_inputs, task_inputs
from pipeline.rehearsal.reading import Compiled, read_file
from pipeline.rehearsal.record import RehearsalRecord, TaskRecord, now
from pipeline.rehearsal.runtime import Runtime
from pipeline.rehearsal.schedule import Schedule
from pipeline.rehearsal.tries import Prepared

_CODES = frozenset(ExitCode)


@dataclasses.dataclass(frozen=True)
class Options:
    """What the run is given, and how it is rehearsed."""

    root: str
    """Where the rehearsal leaves its folder `rehearsals/JOB`."""
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Values of parameters, over which `settings` go."""
    settings: Sequence[str] = ()
    """NAME=VALUE, as typed."""
    replaced: Replaced = dataclasses.field(default_factory=dict)
    parallel: int = 2


def folder_of(root: str, job: str) -> str:
    """Where a rehearsal leaves its record, logs and what its containers wrote for KFP."""
    return os.path.join(root, "rehearsals", job)


def new_job() -> str:
    """An id as the backend gives to a run."""
    return str(uuid.uuid4())


def rehearse(file: str, job: str, runtime: Runtime, options: Options, listen: Listener) -> RehearsalRecord:
    """Run what `file` says, and return the record, which is also written.

    Raises:
        InputError: the file has what the rehearsal does not understand, or what the backend would refuse.
    """
    compiled = read_file(file)
    folder = folder_of(options.root, job)
    parameters = _parameters(compiled, options)
    prepared = _prepared(compiled, job, parameters, runtime, options)
    record = RehearsalRecord(
        job=job,
        pipeline=compiled.pipeline.pipeline_info.name,
        file=os.path.abspath(file),
        runtime=runtime.name,
        parameters=parameters,
        started=now(),
        tasks=tuple(_waiting(each) for each in prepared.values()),
    )

    def save(record: RehearsalRecord) -> None:
        runs.write_whole(os.path.join(folder, "rehearsal.json"), record.model_dump_json(indent=2))

    save(record)
    notes = sorted({note for each in prepared.values() for note in runtime.notes(each.step)})
    listen(Started(job, len(prepared), folder, tuple(notes)))
    record = Schedule(prepared, runtime, listen, save).run(record, options.parallel)
    record = record.model_copy(update={"ended": now(), "exit_code": int(_exit_code(record))})
    save(record)
    return record


def _parameters(compiled: Compiled, options: Options) -> dict[str, Any]:
    definitions = compiled.pipeline.root.input_definitions.parameters
    return root_inputs(definitions, {**options.parameters, **given(definitions, options.settings)})


def _prepared(
    compiled: Compiled, job: str, parameters: Mapping[str, Any], runtime: Runtime, options: Options
) -> dict[str, Prepared]:
    """All steps, checked before the first one starts."""
    constants = job_constants(compiled.pipeline.pipeline_info.name, job)
    folder = folder_of(options.root, job)
    prepared = {}
    for name, step in compiled.steps.items():
        runtime.check(step)
        place = runtime.place(step, job, os.path.join(folder, name))
        prepared[name] = Prepared(step, task_inputs(step, parameters, constants), place, options.replaced, job)
    return prepared


def _waiting(prepared: Prepared) -> TaskRecord:
    step = prepared.step
    return TaskRecord(name=step.name, title=step.title, image=step.container.image)


def _exit_code(record: RehearsalRecord) -> ExitCode:
    """0; or what the first task that failed ended with, if that is a code of ours."""
    if any(task.state == "interrupted" for task in record.tasks):
        return ExitCode.INTERRUPTED
    failed = sorted((task for task in record.tasks if task.state == "failed"), key=lambda task: task.tries[-1].ended)
    if not failed:
        return ExitCode.OK
    code = failed[0].exit_code
    return ExitCode(code) if code in _CODES else ExitCode.CRASH
