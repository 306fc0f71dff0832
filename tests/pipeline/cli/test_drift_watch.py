"""`millrace drift --watch`: what it says of a span, and what it ends with. Whole runs are in test_drift_told.py."""

from __future__ import annotations

import io
import pathlib

import pytest
from rich.console import Console

import pipeline.config as c
from components.drift.result import FILE, Comparison, Comparisons
from components.drift.state import State
from components.errors import ExitCode, InputError
from pipeline.cli.drift.watch import _tell, _telling
from pipeline.cli.main import main
from pipeline.config.load import load
from pipeline.drift.watch import Arrived
from pipeline.runs import Home, NodeRecord
from tests.pipeline.test_runs import record


def _arrived(folder: pathlib.Path, state: State, error: str, code: int) -> Arrived:
    """A span whose run has compared something, and ended like this."""
    found = Comparison(name="previous", title="span 2 against span 1", state=state, verdict="so it is", page="x.html")
    (folder / FILE).write_text(Comparisons(span=2, comparisons=(found,)).model_dump_json())
    node = NodeRecord(id="Drift", state="complete", artifacts={"reports": (str(folder),)}, home=Home(run="r"))
    return Arrived(2, record("r", nodes=(node,), error=error, exit_code=code))


@pytest.mark.parametrize(
    ("state", "error", "code", "expected"),
    [
        ("no baseline", "anomalies: y: Column dropped", 1, ExitCode.GATE),
        ("drift", "no space left", 2, ExitCode.INPUT),
        ("not comparable", "", 0, ExitCode.NOT_COMPARABLE),
        ("ok", "", 0, ExitCode.OK),
    ],
    ids=["anomalies", "disk", "not comparable", "ok"],
)
def test_an_error_behind_the_comparisons_is_said_and_the_worse_code_counts(
    tmp_path: pathlib.Path, state: State, error: str, code: int, expected: ExitCode
) -> None:
    said = io.StringIO()
    assert _tell(_arrived(tmp_path, state, error, code), Console(file=said, width=200)) is expected
    assert error in said.getvalue()
    assert f"span 2 against span 1: {state}" in said.getvalue()


def test_comparisons_that_cannot_be_read_are_said_of_their_span(tmp_path: pathlib.Path) -> None:
    arrived = _arrived(tmp_path, "ok", "", 0)
    (tmp_path / FILE).write_text("{")
    said = io.StringIO()
    assert _tell(arrived, Console(file=said, width=200)) is ExitCode.INPUT
    assert f"  {tmp_path / FILE}: expected what Drift and PredictionDrift write" in said.getvalue()


def test_a_span_that_was_not_run_ends_with_why() -> None:
    said = io.StringIO()
    assert _tell(Arrived(3, None, InputError("nothing there")), Console(file=said)) == ExitCode.INPUT
    assert said.getvalue() == "span 3: nothing there\n"


def test_a_hook_switches_on_no_comparison(tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "still.py").write_text(
        "import pipeline.config as c\n"
        "def get_config():\n"
        "    data, heads, features = c.Data(path='{SPAN}.csv'), (c.Head(label='y'),), (c.Numeric(column='x'),)\n"
        "    return c.Config(name='still', data=data, heads=heads, features=features, drift=None)\n"
    )
    assert main(["drift", "--watch", str(tmp_path / "still.py"), "--once", "--hook", "true"]) == ExitCode.INPUT
    assert "the field drift of still compares no data with any other" in capfd.readouterr().err


def test_a_hook_is_taken_as_it_is_typed() -> None:
    taxi = load("taxi").model_copy(update={"drift": c.Drift(hook="own", window=3)})
    assert _telling(taxi, "None").drift == c.Drift(hook="None", window=3)
    assert _telling(taxi, None) is taxi
