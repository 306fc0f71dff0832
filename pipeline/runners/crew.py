"""Who runs steps: threads that wait for the children of a fork server, or for a debugger the caller itself."""

from __future__ import annotations

import queue
import threading
from typing import Protocol

from pipeline.runners.engine import Engine
from pipeline.runners.server import Server
from pipeline.runners.step import Step
from pipeline.runs import Outcome, RunRecord


class Crew(Protocol):
    """Runs steps, and tells of their ends in the order in which they come."""

    def start(self, step: Step, facts: RunRecord) -> None:
        """Run a step. `facts` is its run's record so far."""

    def next(self) -> tuple[Step, Outcome]:
        """The next step that has ended.

        Raises:
            BaseException: it, or this wait, was interrupted.
        """

    def stop(self) -> None:
        """End all that is under way, and wait until it is gone."""


def of(engine: Engine) -> Crew:
    """Those who run an engine's steps."""
    return _Alone() if engine.server is None else _Threads(engine.server)


class _Alone:
    """The thread of the caller: a step has ended when `start` returns."""

    def __init__(self) -> None:
        self._ended: list[tuple[Step, Outcome]] = []

    def start(self, step: Step, facts: RunRecord) -> None:
        self._ended.append((step, step.finish(facts)))

    def next(self) -> tuple[Step, Outcome]:
        return self._ended.pop(0)

    def stop(self) -> None:
        """Nothing is under way."""


class _Threads:
    """A thread for each step, which mostly waits for the step's process."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._threads: list[threading.Thread] = []
        self._ended: queue.SimpleQueue[tuple[Step, Outcome | BaseException]] = queue.SimpleQueue()

    def start(self, step: Step, facts: RunRecord) -> None:
        thread = threading.Thread(target=self._run, args=(step, facts), name=step.node.id, daemon=True)
        self._threads.append(thread)
        thread.start()

    def next(self) -> tuple[Step, Outcome]:
        step, outcome = self._ended.get()
        if isinstance(outcome, BaseException):
            raise outcome
        return step, outcome

    def stop(self) -> None:
        self._server.close()
        for thread in self._threads:
            thread.join()

    def _run(self, step: Step, facts: RunRecord) -> None:
        try:
            self._ended.put((step, step.finish(facts)))
        except BaseException as error:
            self._ended.put((step, error))
