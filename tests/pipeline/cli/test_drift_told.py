"""Who is told of drift while spans are watched: a webhook, a command."""

from __future__ import annotations

import http.server
import json
import os
import pathlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.pipeline.cli import moved
from tests.pipeline.cli.shell import Answer, here, in_child, millrace


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A user's folder in which a first span has been counted; x lies higher in the second."""
    folder = tmp_path_factory.mktemp("told")
    moved.put(folder, "window=1, predictions=False", (0.0, 1.0))
    answer = millrace("run", folder / "moved.py", "--span", 1, "--to", "StatisticsGen")
    assert answer.code == 0, answer.err
    return folder


class _Listening(http.server.ThreadingHTTPServer):
    """A webhook: keeps what it is told, and answers `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told: list[dict[str, Any]] = []
        self.status = 200

    @property
    def url(self) -> str:
        """With a path that nobody but the sender may know."""
        return f"http://127.0.0.1:{self.server_port}/secret/é"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Listening

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status == 200:
            self.server.told.append(json.loads(body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def webhook() -> Iterator[_Listening]:
    """Listens until the test ends."""
    with _Listening() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def _watched(folder: pathlib.Path, hook: object) -> Answer:
    return millrace("drift", "--watch", folder / "moved.py", "--once", "--hook", hook)


def test_a_webhook_is_told_each_finding_once_and_again_only_where_it_failed(
    folder: pathlib.Path, webhook: _Listening
) -> None:
    webhook.status = 500
    failed = _watched(folder, webhook.url)
    assert failed.code == 1
    assert f"drift.hook 127.0.0.1:{webhook.server_port}: HTTP Error 500" in failed.out
    assert "secret" not in failed.out

    webhook.status = 200
    answer = _watched(folder, webhook.url)
    assert answer.code == 1, answer.err
    assert "span 2 against span 1: drift (Drift in 1 of" in answer.out
    assert [(told["comparison"], told["span"]) for told in webhook.told] == [("previous", 2), ("window", 2)]
    assert [[each["feature"] for each in told["findings"]] for told in webhook.told] == [["x"], ["x"]]
    assert str(webhook.told[0]["text"]).startswith(f"moved, span 2 against span 1: x: {moved.MEASURE} 0.")

    millrace("run", folder / "moved.py", "--span", 2, "--to", "DriftGate", "--set", f"drift.hook={webhook.url}")
    assert len(webhook.told) == 2


def test_a_command_is_told_in_json_and_may_interrupt_the_watching(folder: pathlib.Path) -> None:
    (folder / "runs/told.json").unlink(missing_ok=True)
    answer: Answer = in_child(_interrupted, folder)
    assert answer.code == 130
    assert answer.err == "millrace: interrupted\n"
    assert "Traceback" not in answer.out
    told = json.loads((folder / "told.json").read_text())
    assert ([each["feature"] for each in told["findings"]], told["state"]) == (["x"], "drift")


def _interrupted(folder: pathlib.Path) -> Answer:
    """What a watcher says whom Ctrl-C reaches in the middle of a run."""
    # What was started in the background by a shell ignores it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    hook = f"cat > told.json; kill -INT {os.getpid()}; sleep 20"
    return here("drift", "--watch", folder / "moved.py", "--every", 600, "--hook", hook)


def test_what_cannot_be_watched_is_refused(folder: pathlib.Path) -> None:
    answer = millrace("drift", "--watch", "cifar10_resnet20")
    assert answer.code == 2
    assert "--watch: data.path of cifar10-resnet20 has no {SPAN} or {DATE}" in answer.err
    answer = millrace("drift", "--watch", folder / "moved.py", "--hook")
    assert answer.code == 2
