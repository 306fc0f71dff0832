"""A server in a JobManager's place, which gives what a test has written down of Flink's answers."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any


@contextlib.contextmanager
def answering(*answers: Any, status: int = 200, paths: Mapping[str, Any] | None = None) -> Iterator[str]:
    """Its address.

    Args:
        answers: one after the other, the last again and again, as JSON; an int is an error of that code.
        status: of these answers.
        paths: answers to questions of these paths, always the same.
    """
    left = list(answers)

    class Json(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            answer = paths[path] if paths and path in paths else left.pop(0) if left[1:] else left[0]
            self.send_response(answer if isinstance(answer, int) else status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        do_PATCH = do_GET

        def log_message(self, *_: object) -> None:
            """Nowhere."""

    with http.server.HTTPServer(("127.0.0.2", 0), Json) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.2:{server.server_port}"
        server.shutdown()


def overview(slots: int) -> dict[str, object]:
    """What Flink 1.19 answers, shortened."""
    return {"flink-version": "1.19.3", "slots-total": slots, "taskmanagers": slots}
