"""What a rehearsal prints: a line per event."""

from __future__ import annotations

import os
import shlex
import threading

from rich.console import Console

from pipeline.cli.console import duration
from pipeline.rehearsal.events import Event, Finished, Started, TryFailed, TryStarted
from pipeline.rehearsal.record import RehearsalRecord, TaskRecord

_LAST = 5
"""Lines of a failed task's log; of a try that another follows it is one."""


class Lines:
    """A listener that prints. Tasks tell it of their tries from threads of their own."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._finished = 0
        self._total = 0
        self._folder = ""

    def __call__(self, event: Event) -> None:
        with self._lock:
            match event:
                case Started():
                    self._total, self._folder = event.tasks, event.folder
                    self._print(f"rehearsal {event.job}: {event.tasks} tasks, logs in {event.folder}")
                    if event.notes:
                        self._print(f"not rehearsed: {', '.join(event.notes)}")
                case TryStarted():
                    self._print(f"{event.task} started" + (f", try {event.number}" if event.number > 1 else ""))
                case TryFailed():
                    then = f"again in {duration(event.wait)}"
                    self._print(f"{event.task} failed after {duration(event.ended.seconds)}: {event.reason}; {then}")
                    self._print_end(event.ended.log, 1)
                case Finished():
                    self._finished += 1
                    self._print(self._line(event.task))
                    self._tail(event.task)

    def close(self, record: RehearsalRecord, root: str) -> None:
        """Print how it ended, and where it is written down; `root` is where the pipeline root is on this machine."""
        states = [task.state for task in record.tasks]
        counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
        took = duration((record.ended - record.started).total_seconds()) if record.ended else ""
        self._print(f"{counted} in {took}: {os.path.join(self._folder, 'rehearsal.json')}")
        self._print(f"the run: {shlex.join(['millrace', 'runs', '--root', root])}")

    def _line(self, task: TaskRecord) -> str:
        width = len(str(self._total))
        tries = f"{len(task.tries)} tries" if len(task.tries) > 1 else ""
        details = ", ".join(part for part in (tries, task.reason) if part)
        place = f"[{self._finished:{width}}/{self._total}]"
        return f"{place} {task.name:<24} {task.state:<11} {duration(task.seconds):>7}  {details}".rstrip()

    def _tail(self, task: TaskRecord) -> None:
        if task.state != "failed":
            return
        log = task.tries[-1].log
        self._print_end(log, _LAST)
        self._print(f"    log: {log}")

    def _print_end(self, log: str, count: int) -> None:
        if not os.path.exists(log):
            return
        with open(log, encoding="utf-8", errors="replace") as file:
            lines = [line.rstrip() for line in file if line.strip()]
        for line in lines[-count:]:
            self._print(f"    {line}")

    def _print(self, line: str) -> None:
        self._console.print(line, soft_wrap=True)
