"""What a hook is to be told of drift, and a file under the root that remembers what it has been told."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Collection, Iterator
from typing import Any

import pydantic

from components.drift.state import State
from components.errors import InputError
from pipeline import runs
from pipeline.drift.of_run import Told, comparisons
from pipeline.layout import Layout
from pipeline.runs import RunRecord

_SHOWN = 12
"""Findings in the text for people."""


class Alarm(pydantic.BaseModel, frozen=True):
    """What is new in one comparison.

    Attributes:
        keys: a name of each finding, the same in each run that compares the same data.
        body: what the hook gets.
    """

    keys: tuple[str, ...]
    body: dict[str, Any]


class Alarms(pydantic.BaseModel, frozen=True):
    """All of a root: the run that told of a finding, by its key, and what is still to be told, oldest first."""

    told: dict[str, str] = {}
    owed: tuple[Alarm, ...] = ()

    def owing(self, record: RunRecord) -> Alarms:
        """With what is new in `record`.

        Raises:
            InputError: its comparisons cannot be read.
        """
        known = self.told.keys() | {key for alarm in self.owed for key in alarm.keys}
        return self.model_copy(update={"owed": (*self.owed, *_new(record, known))})

    def owed_to(self, pipeline: str) -> tuple[Alarm, ...]:
        """Those of one pipeline: another one under the same root has another hook."""
        return tuple(alarm for alarm in self.owed if alarm.body["pipeline"] == pipeline)

    def without(self, alarm: Alarm) -> Alarms:
        """Now that the hook has been told of it."""
        told = self.told | dict.fromkeys(alarm.keys, str(alarm.body["run"]))
        return Alarms(told=told, owed=tuple(each for each in self.owed if each is not alarm))


@contextlib.contextmanager
def held(root: str) -> Iterator[None]:
    """Let nobody else tell meanwhile: on a cluster the last tasks of a run, and several runs, may end at once.

    Raises:
        InputError: the root cannot be written to.
    """
    path = f"{Layout(root).told}.lock"
    try:
        os.makedirs(root, exist_ok=True)
        file = open(path, "w", encoding="utf-8")  # noqa: SIM115 (held open beyond this statement)
    except OSError as error:
        raise InputError(f"{path}: cannot write there: {error.strerror}") from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def load(root: str) -> Alarms:
    """Raises InputError where the file cannot be read."""
    path = Layout(root).told
    if not os.path.exists(path):
        return Alarms()
    try:
        with open(path, encoding="utf-8") as file:
            return Alarms.model_validate_json(file.read())
    except (OSError, ValueError) as error:
        hint = "Nobody is told of drift until it can be read; where it is missing, all is told anew"
        raise InputError(f"{path}: expected what earlier runs wrote there, but: {error}. {hint}") from error


def save(root: str, alarms: Alarms) -> None:
    """Raises InputError where the file cannot be written."""
    path = Layout(root).told
    try:
        runs.write_whole(path, alarms.model_dump_json(indent=1))
    except OSError as error:
        raise InputError(f"{path}: cannot write there: {error.strerror}. What was told is told again") from error


def _new(record: RunRecord, known: Collection[str]) -> Iterator[Alarm]:
    for told in comparisons(record):
        found = told.comparison
        # Where the data lies says which it is, also of a span that came again and of serving data, which has no spans.
        name = ", ".join((record.pipeline, found.name, *found.sources))
        findings = {f"{name}, {each.slice}, {each.feature}": each for each in found.findings}
        fresh = [key for key in findings if key not in known]
        keys = [name] if found.state is State.NOT_COMPARABLE and name not in known else []
        if keys or fresh:
            shown = [findings[key].line for key in fresh[:_SHOWN]] or found.not_comparable or [found.verdict]
            rest = [f"and {len(fresh) - _SHOWN} more"] if fresh[_SHOWN:] else []
            body = _body(record, told, [findings[key].model_dump() for key in fresh], "; ".join([*shown, *rest]))
            yield Alarm(keys=(*keys, *fresh), body=body)


def _body(record: RunRecord, told: Told, findings: list[dict[str, Any]], text: str) -> dict[str, Any]:
    found = told.comparison
    return {
        "pipeline": record.pipeline,
        "run": record.id,
        "span": told.span,
        "comparison": found.name,
        "title": found.title,
        "state": found.state,
        "page": told.page,
        "findings": findings,
        "not_comparable": list(found.not_comparable),
        "text": f"{record.pipeline}, {found.title}: {text}",
    }
