"""The DAG: which task may start, and what becomes of the others when one fails.

As Argo does it with the `X.Succeeded` conditions that the backend writes (argocompiler/dag.go, depends): a task starts
when all that it depends on have succeeded. After a failure whatever needs the failed task is left out; other branches
go on to their ends.
"""

from __future__ import annotations

import concurrent.futures
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from pipeline.rehearsal.events import Finished, Listener
from pipeline.rehearsal.record import RehearsalRecord, TaskRecord
from pipeline.rehearsal.runtime import Runtime
from pipeline.rehearsal.tries import Prepared, Tries

_GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL."""
_LOOK = 0.2
"""Seconds between two looks at whether somebody wants it to stop."""

_ASKING = (signal.SIGINT, signal.SIGTERM)

Save = Callable[[RehearsalRecord], None]
_Future = concurrent.futures.Future[TaskRecord]


@contextmanager
def interrupts() -> Iterator[Sequence[int]]:
    """The signals that ask this process to end, as they come. An exception could come between a start and its note."""
    asked: list[int] = []
    before = {number: signal.signal(number, lambda number, _: asked.append(number)) for number in _ASKING}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Schedule:
    """The tasks of one rehearsal, whose states are in the record that `run` takes and returns."""

    def __init__(self, prepared: Mapping[str, Prepared], runtime: Runtime, listen: Listener, save: Save) -> None:
        self._prepared = prepared
        self._runtime = runtime
        self._listen = listen
        self._save = save
        self._running: dict[_Future, Tries] = {}

    def run(self, record: RehearsalRecord, parallel: int) -> RehearsalRecord:
        """Run all tasks, at most `parallel` at a time. After Ctrl-C no process is left, and tasks are interrupted."""
        with concurrent.futures.ThreadPoolExecutor(parallel) as pool, interrupts() as asked:
            try:
                while not asked:
                    record = self._skip(record)
                    record = self._start(record, pool, parallel)
                    if not self._running:
                        return record
                    record = self._gather(record)
                return self._stop(record, asked)
            finally:
                # What is left by an error in here must not outlive it.
                for tries in self._running.values():
                    tries.stop()
                    tries.kill()

    def _start(
        self, record: RehearsalRecord, pool: concurrent.futures.ThreadPoolExecutor, parallel: int
    ) -> RehearsalRecord:
        for name, prepared in self._prepared.items():
            task = record.task(name)
            if len(self._running) == parallel or task.state != "waiting" or self._missing(record, name):
                continue
            tries = Tries(prepared, self._runtime, self._listen)
            record = self._changed(record, task.model_copy(update={"state": "running"}))
            self._running[pool.submit(tries.run, record.task(name))] = tries
        return record

    def _gather(self, record: RehearsalRecord) -> RehearsalRecord:
        done, _ = concurrent.futures.wait(self._running, _LOOK, concurrent.futures.FIRST_COMPLETED)
        for future in done:
            task = future.result()
            del self._running[future]
            record = self._changed(record, task)
            self._listen(Finished(task))
        return record

    def _skip(self, record: RehearsalRecord) -> RehearsalRecord:
        """Leave out whatever needs a task that has not succeeded. `_prepared` is in the order of the DAG."""
        for name in self._prepared:
            missing = [each for each in self._missing(record, name) if record.task(each).state in ("failed", "skipped")]
            if record.task(name).state == "waiting" and missing:
                task = record.task(name).model_copy(
                    update={"state": "skipped", "reason": f"needs {', '.join(missing)}"}
                )
                record = self._changed(record, task)
                self._listen(Finished(task))
        return record

    def _missing(self, record: RehearsalRecord, name: str) -> list[str]:
        needed = self._prepared[name].step.task.dependent_tasks
        return [each for each in needed if record.task(each).state != "succeeded"]

    def _stop(self, record: RehearsalRecord, asked: Sequence[int]) -> RehearsalRecord:
        """End what runs: at once where Ctrl-C is pressed again, or where it takes too long."""
        for tries in self._running.values():
            tries.stop()
        patient, until = len(asked), time.monotonic() + _GRACE
        while self._running:
            if len(asked) > patient or time.monotonic() > until:
                for tries in self._running.values():
                    tries.kill()
            record = self._gather(record)
        for task in record.tasks:
            if task.state == "waiting":
                record = self._changed(record, task.model_copy(update={"state": "skipped", "reason": "interrupted"}))
        return record

    def _changed(self, record: RehearsalRecord, task: TaskRecord) -> RehearsalRecord:
        record = record.with_task(task)
        self._save(record)
        return record
