"""Drift in whole runs: spans that arrive one after the other, the gate, who is told, and watching."""

from __future__ import annotations

import http.server
import json
import os
import pathlib
import random
import signal
import textwrap
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline import runs
from pipeline.config.load import load
from pipeline.drift.of_run import comparisons
from pipeline.drift.spans import statistics_by_span
from tests.pipeline.cli.shell import Answer, here, in_child, millrace

CONFIG = """
    import pipeline.config as c


    def get_config():
        return c.Config(
            name="moved",
            data=c.Data(path="span-{SPAN}/*.csv", splits=c.HashSplits(train=2, eval=1, test=0)),
            schema=c.Schema(path="schema.pbtxt"),
            drift=c.Drift(window=2, splits=("eval",), serving=c.Serving(path="serving.csv")),
            heads=(c.Head(label="y"),),
            features=(c.ZScore(column="x"), c.Vocabulary(column="kind")),
        )
"""
SCHEMA = """
    default_environment: "TRAINING"
    default_environment: "SERVING"
    feature { name: "x" type: FLOAT skew_comparator { jensen_shannon_divergence { threshold: 0.9 } } }
    feature { name: "kind" type: BYTES }
    feature { name: "tip" type: FLOAT not_in_environment: "SERVING" }
    feature { name: "y" type: INT not_in_environment: "SERVING" }
"""
MOVED = "Kolmogorov-Smirnov"


def _write(path: pathlib.Path, shift: float, columns: tuple[str, ...]) -> None:
    path.parent.mkdir(exist_ok=True)
    toss = random.Random(str(path.parent.name))
    lines = [",".join(columns)]
    for number in range(900):
        x = toss.gauss(0, 1)
        row = {"x": f"{x + shift:.4f}", "kind": "abc"[number % 3], "tip": f"{toss.random():.3f}", "y": str(int(x > 0))}
        lines.append(",".join(row[column] for column in columns))
    path.write_text("\n".join(lines))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A user's folder in which two spans have been run up to the gate: x lies higher in the second."""
    folder = tmp_path_factory.mktemp("moved")
    (folder / "moved.py").write_text(textwrap.dedent(CONFIG))
    (folder / "schema.pbtxt").write_text(textwrap.dedent(SCHEMA))
    for span, shift in ((1, 0.0), (2, 1.0)):
        _write(folder / f"span-{span}/rows.csv", shift, ("x", "kind", "tip", "y"))
    _write(folder / "serving.csv", 0.0, ("x", "kind"))
    for span in (1, 2):
        answer = millrace("run", folder / "moved.py", "--span", span, "--to", "DriftGate")
        assert answer.code == 0, answer.err
    return folder


def _states(folder: pathlib.Path, number: int) -> dict[str, str]:
    record = runs.list_runs(str(folder / "runs"))[number]
    return {told.comparison.name: told.comparison.state for told in comparisons(record)}


def test_the_first_span_has_no_baseline_and_says_so_everywhere(folder: pathlib.Path) -> None:
    assert _states(folder, 0) == {
        "previous": "no baseline", "window": "no baseline", "eval": "ok", "serving": "ok",
    }  # fmt: skip
    record = runs.list_runs(str(folder / "runs"))[0]
    shown = millrace("show", record.id, "--root", folder / "runs").out
    page = comparisons(record)[0].page
    assert f"drift: span 1 against earlier span: no baseline: {page}" in shown
    assert "No baseline" in pathlib.Path(page).read_text()


def test_the_second_span_is_held_against_the_first(folder: pathlib.Path) -> None:
    assert _states(folder, 1) == {"previous": "drift", "window": "drift", "eval": "ok", "serving": "ok"}
    previous, window, *_ = comparisons(runs.list_runs(str(folder / "runs"))[1])
    for told in (previous, window):
        assert told.comparison.title == "span 2 against span 1"
        [finding] = told.comparison.findings
        assert (finding.feature, finding.role, finding.measure) == ("x", "feature", MOVED)
        assert finding.value == pytest.approx(0.38, abs=0.08)
        numbers = json.loads(pathlib.Path(told.page).with_name("drift.json").read_text())
        assert {each["name"]: each["role"] for each in numbers["features"]}["y"] == "label"
    found = statistics_by_span(load(str(folder / "moved.py")), str(folder / "runs"))
    assert [span for span, _ in found] == [1, 2]


def test_serving_data_is_held_to_the_skew_comparators_and_misses_no_label(folder: pathlib.Path) -> None:
    *_, serving = comparisons(runs.list_runs(str(folder / "runs"))[1])
    numbers = json.loads(pathlib.Path(serving.page).with_name("drift.json").read_text())
    assert numbers["kind"] == "skew"
    assert {each["name"]: each["state"] for each in numbers["features"]} == {"x": "ok", "kind": "ok"}
    [check] = [check for each in numbers["features"] if each["name"] == "x" for check in each["checks"]]
    assert (check["measure"], check["from_schema"]) == ("jensen_shannon_divergence", True)


def test_a_gate_that_fails_stops_the_run_before_transform_also_when_it_is_resumed(folder: pathlib.Path) -> None:
    for flags in ((), ("--resume",)):
        answer = millrace("run", folder / "moved.py", "--span", 2, "--set", "drift.on_drift=fail", *flags)
        assert answer.code == 1
        assert "Traceback" not in answer.out + answer.err
        assert "span 2 against span 1: " in answer.err
        assert f"\n  x: {MOVED} 0." in answer.err
        record = runs.list_runs(str(folder / "runs"))[-1]
        states = {node.id: node.state for node in record.nodes}
        assert (states["DriftGate"], states["Transform"], states["Pusher"]) == ("failed", "skipped", "skipped")
        assert states["Drift"] == ("kept" if flags else "cached")


class _Listening(http.server.ThreadingHTTPServer):
    """A webhook: keeps what it is told, and answers `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told: list[dict[str, Any]] = []
        self.status = 200

    @property
    def url(self) -> str:
        """With a path that nobody but the sender may know."""
        return f"http://127.0.0.1:{self.server_port}/secret"


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
        threading.Thread(target=server.serve_forever, daemon=True).start()
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
    assert "span 2 against span 1: drift (No drift in the label y; drift in 1 of" in answer.out
    assert [(told["comparison"], told["span"]) for told in webhook.told] == [("previous", 2), ("window", 2)]
    assert [[each["feature"] for each in told["findings"]] for told in webhook.told] == [["x"], ["x"]]
    assert str(webhook.told[0]["text"]).startswith(f"moved, span 2 against span 1: x: {MOVED} 0.")

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
