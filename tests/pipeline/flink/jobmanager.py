"""A JobManager as far as the end of jobs goes: the same interface over HTTP, with nothing behind it."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any


@dataclasses.dataclass
class JobManager:
    """Its jobs, name → state, and what it does not do.

    Attributes:
        hiccups: how many questions it does not answer before it does.
        stubborn: it does not heed that a job is to end.
    """

    jobs: dict[str, str] = dataclasses.field(default_factory=dict)
    hiccups: int = 0
    stubborn: bool = False
    address: str = ""

    def answer(self, method: str, path: str) -> Any:
        """What the interface says; None where it does not answer."""
        if self.hiccups:
            self.hiccups -= 1
            return None
        if method == "PATCH" and not self.stubborn:
            self.jobs[path.removeprefix("/jobs/").partition("?")[0]] = "CANCELED"
        tasks = {"finished": 3, "total": 7}
        return {
            "jobs": [
                {"jid": name, "name": name, "state": state, "start-time": 1, "tasks": tasks}
                for name, state in self.jobs.items()
            ]
        }


@contextlib.contextmanager
def serving(**what: Any) -> Iterator[JobManager]:
    """One that answers."""
    manager = JobManager(**what)

    class Interface(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = manager.answer(self.command, self.path)
            self.send_response(503 if found is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(found or {}).encode())

        do_PATCH = do_GET

        def log_message(self, *_: object) -> None:
            """Nowhere."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Interface) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        manager.address = f"127.0.0.1:{server.server_port}"
        yield manager
        server.shutdown()
