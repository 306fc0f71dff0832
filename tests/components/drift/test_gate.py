"""The gate behind comparisons: what it says, and when it stops a run."""

from __future__ import annotations

import json
import pathlib

import pytest

from components.artifacts import DriftReports, Verdict
from components.drift.gate import Executor
from components.drift.result import FILE, Comparison, Comparisons, Finding
from components.drift.state import State
from components.errors import GateError, NotComparableError

MOVED = tuple(
    Finding(feature=name, role="feature", measure="L-infinity", value=0.25, threshold=0.05, text=f"{name}: moved")
    for name in (f"f{number}" for number in range(14))
)


def _judge(folder: pathlib.Path, mode: str, *states: State) -> dict[str, object]:
    """The verdict on comparisons that ended in these states."""
    reports, verdict = DriftReports(), Verdict()
    for artifact, name in ((reports, "reports"), (verdict, "verdict")):
        artifact.uri = str(folder / name)
        (folder / name).mkdir(exist_ok=True)
    found = Comparisons(
        span=2,
        comparisons=tuple(
            Comparison(
                name=f"n{number}",
                title=f"span 2 against {state}",
                state=state,
                verdict="so it is",
                page=f"n{number}/drift.html",
                findings=MOVED if state == "drift" else (),
            )
            for number, state in enumerate(states)
        ),
    )
    (folder / "reports" / FILE).write_text(found.model_dump_json())
    try:
        Executor().Do({"reports": [reports]}, {"verdict": [verdict]}, {"mode": mode})
    finally:
        written = json.loads((folder / "verdict" / "verdict.json").read_text())
    return dict(written)


def test_drift_is_named_with_measure_value_threshold_and_page(tmp_path: pathlib.Path) -> None:
    with pytest.raises(GateError) as caught:
        _judge(tmp_path, "fail", "ok", "drift", "not comparable")
    said = str(caught.value)
    assert "span 2 against drift: so it is\n  f0: moved\n" in said
    assert f"and 2 more\n  See {tmp_path}/reports/n1/drift.html" in said
    assert "span 2 against not comparable" in said
    assert "span 2 against ok" not in said
    assert "f13" not in said


def test_nothing_comparable_is_no_pass(tmp_path: pathlib.Path) -> None:
    with pytest.raises(NotComparableError, match="span 2 against not comparable"):
        _judge(tmp_path, "fail", "ok", "not comparable")


@pytest.mark.parametrize("mode", ["fail", "warn"])
def test_without_a_baseline_the_run_goes_on(tmp_path: pathlib.Path, mode: str) -> None:
    verdict = _judge(tmp_path, mode, "no baseline", "ok")
    assert verdict == {"passed": False, "comparisons": {"n0": "no baseline", "n1": "ok"}}


def test_only_what_is_ok_passes(tmp_path: pathlib.Path) -> None:
    assert _judge(tmp_path, "fail", "ok", "ok")["passed"] is True


def test_a_warning_lets_the_run_go_on_and_is_no_pass(tmp_path: pathlib.Path) -> None:
    assert _judge(tmp_path, "warn", "drift")["passed"] is False
