"""Waiting for a run: what KFP tells of its tasks becomes what a local run's listener hears."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, Union

from components.errors import ExitCode, MillraceError
from pipeline.runners.events import Listener, Message, NodeFinished, NodeStarted, RunStarted
from pipeline.runs import Home, NodeRecord, NodeState
from pipeline.submission.access import Client
from pipeline.submission.runs import ENDED, SUCCEEDED, Run
from pipeline.submission.transport import CallError

Answer = TypeVar("Answer")
_STATES: Mapping[str, NodeState] = {
    SUCCEEDED: "complete",
    "FAILED": "failed",
    "CANCELED": "cancelled",
    "SKIPPED": "skipped",
}
"""KFP's last states. It does not know what was cached: that is in the run's record under its root."""
_UNTOLD = (None, "", "RUNTIME_STATE_UNSPECIFIED")
_ROOT = "root"
"""The task that stands for the whole DAG (argocompiler/argo.go)."""
_OUT_OF_REACH = 300
"""Seconds that KFP may be out of reach while a run goes on in the cluster."""
STUCK = "STUCK"
"""Of a run that never ends, though all of it has: no state of KFP's."""


class WaitedError(MillraceError):
    """The time to wait is over; the run goes on."""

    exit_code = ExitCode.INTERRUPTED


class Watch:
    """Tells a listener what has changed about a run's tasks since the last look."""

    def __init__(self, client: Client, run: Run, tasks: Mapping[str, str], listen: Listener) -> None:
        self._client = client
        self._run = run
        self._state: Union[str, None] = None
        self._tasks = tasks
        self._listen = listen
        self._home = Home(run=run.goes_as)
        self._started: set[str] = set()
        self._finished: set[str] = set()
        listen(RunStarted(run.id, tuple(tasks.values()), client.link(run.id)))

    def see(self, run: Any) -> None:
        """Look at what KFP says now."""
        if run.state != self._state and run.state not in (*ENDED, *_UNTOLD):
            self._listen(Message(f"run {self._run.id} is {run.state.lower()}"))
        self._state = run.state
        for detail in _details(run):
            # A DAG of Argo's stands for each task; its driver and its pods have names of their own.
            if detail.display_name in self._tasks:
                self._see_task(detail)
        if run.state in ENDED:
            self._close(succeeded=run.state == SUCCEEDED)
            if error := self._error(run):
                self._listen(Message(f"KFP says of run {self._run.id}: {error}"))

    def over(self, run: Any) -> bool:
        """Whether nothing of it is under way any more, whatever its state."""
        states = {detail.display_name: detail.state for detail in _details(run)}
        return states.get(_ROOT) in _STATES or all(states.get(task) in _STATES for task in self._tasks)

    def _see_task(self, detail: Any) -> None:
        node = self._tasks[detail.display_name]
        if node not in self._started and detail.state in ("RUNNING", *_STATES):
            self._started.add(node)
            self._listen(NodeStarted(node))
        if detail.state in _STATES and node not in self._finished:
            self._finish(node, _STATES[detail.state], _seconds(detail), self._error(detail))

    def _close(self, succeeded: bool) -> None:
        """KFP writes a run's state before those of its tasks, and hears nothing of tasks that never began."""
        left = set(self._tasks.values() if succeeded else self._started) - self._finished
        for node in sorted(left):
            self._finish(node, "complete" if succeeded else "cancelled", 0)

    def _finish(self, node: str, state: NodeState, seconds: float, reason: str = "") -> None:
        self._finished.add(node)
        record = NodeRecord(id=node, state=state, seconds=seconds, reason=reason, home=self._home)
        self._listen(NodeFinished(record))

    def _error(self, told: Any) -> str:
        """What KFP says that is wrong with a run or a task, where it does."""
        return self._client.shown(told.error.message or "") if told.error else ""


@dataclasses.dataclass(frozen=True)
class Patience:
    """How long and how often to look.

    Attributes:
        every: seconds between two looks.
        until: when to give up, on the monotonic clock; None is never.
        stuck: seconds after which a run counts as stuck that does not end though all of it has.
    """

    every: float
    until: Union[float, None] = None
    stuck: float = 300.0

    def sleep(self) -> None:
        """Until the next look; the last is when the time is over.

        Raises:
            WaitedError: it is.
        """
        left = math.inf if self.until is None else self.until - time.monotonic()
        if left <= 0:
            raise WaitedError("the time that --timeout gave is over")
        time.sleep(min(self.every, left))


def patiently(call: Callable[[], Answer], patience: Patience, tell: Listener) -> Answer:
    """What `call` returns once KFP is there: the node that was lost with a run may have been its own.

    Raises:
        CallError: KFP has been out of reach for long, or has refused.
    """
    began = time.monotonic()
    told = False
    while True:
        try:
            return call()
        except CallError as error:
            if not error.passing or time.monotonic() - began > _OUT_OF_REACH:
                raise
            if not told:
                tell(Message(f"{error}; waiting on"))
            told = True
        patience.sleep()


def wait(client: Client, run: Run, watch: Watch, patience: Patience, tell: Listener) -> str:
    """The state that the run ends in, or STUCK; `watch` takes each look at it.

    Raises:
        WaitedError: the time to wait is over.
        CallError: as `patiently`.
    """
    moved = time.monotonic()
    while True:
        found = patiently(lambda: client.get_run(run.id), patience, tell)
        watch.see(found)
        if found.state in ENDED:
            return str(found.state)
        if not watch.over(found):
            moved = time.monotonic()
        elif time.monotonic() - moved > patience.stuck:
            return STUCK
        patience.sleep()


def _details(run: Any) -> Sequence[Any]:
    return (run.run_details.task_details if run.run_details else None) or ()


def _seconds(detail: Any) -> float:
    if not detail.start_time or not detail.end_time:
        return 0.0
    return float(max(0.0, (detail.end_time - detail.start_time).total_seconds()))
