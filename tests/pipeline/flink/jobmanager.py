"""Servers in a JobManager's place: one gives what a test has written down of Flink's answers, one has jobs to end."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Answer = Callable[[str, str], Any]
"""From method and path to what is answered as JSON; an int is an error of that code."""


@contextlib.contextmanager
def _serving(answer: Answer) -> Iterator[str]:
    """The address of a server that answers so."""

    class Json(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answer(self.command, self.path.partition("?")[0])
            self.send_response(found if isinstance(found, int) else 200)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        do_PATCH = do_GET

        def log_message(self, *_: object) -> None:
            """Nowhere."""

    with http.server.ThreadingHTTPServer(("127.0.0.2", 0), Json) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"127.0.0.2:{server.server_port}"
        server.shutdown()


@contextlib.contextmanager
def answering(*answers: Any, paths: Mapping[str, Any] | None = None) -> Iterator[str]:
    """The address of one that gives these answers.

    Args:
        answers: one after the other, the last again and again.
        paths: answers to questions of these paths, always the same.
    """
    left = list(answers)

    def answer(_: str, path: str) -> Any:
        return paths[path] if paths and path in paths else left.pop(0) if left[1:] else left[0]

    with _serving(answer) as address:
        yield address


def overview(slots: int) -> dict[str, object]:
    """What Flink 1.19 answers, shortened."""
    return {"flink-version": "1.19.3", "slots-total": slots, "taskmanagers": slots}


@dataclasses.dataclass
class JobManager:
    """One with jobs, name → state, and what it does not do.

    Attributes:
        failure: what each job failed of.
        hiccups: how many questions it does not answer before it does.
        stubborn: it does not heed that a job is to end.
    """

    jobs: dict[str, str] = dataclasses.field(default_factory=dict)
    failure: str = ""
    hiccups: int = 0
    stubborn: bool = False
    address: str = ""

    def answer(self, method: str, path: str) -> Any:
        """See Answer."""
        if self.hiccups:
            self.hiccups -= 1
            return 503
        if method == "PATCH" and not self.stubborn:
            self.jobs[path.removeprefix("/jobs/")] = "CANCELED"
        if path.endswith("/exceptions"):
            return {"exceptionHistory": {"entries": [{"timestamp": 1, "stacktrace": self.failure}]}}
        tasks = {"finished": 3, "total": 7}
        return {
            "jobs": [
                {"jid": name, "name": name, "state": state, "start-time": 1, "tasks": tasks}
                for name, state in self.jobs.items()
            ]
        }


@contextlib.contextmanager
def with_jobs(**what: Any) -> Iterator[JobManager]:
    """One that answers."""
    manager = JobManager(**what)
    with _serving(manager.answer) as manager.address:
        yield manager
