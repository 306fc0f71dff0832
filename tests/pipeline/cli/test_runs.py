"""`millrace runs`, `show` and `prune` on run records as a runner leaves them."""

import datetime
import json

import pytest

from components.errors import ExitCode
from pipeline import runs
from pipeline.cli.main import main
from pipeline.runs import Home, NodeRecord, RunRecord

START = datetime.datetime(2024, 1, 31, 12, 0, tzinfo=datetime.timezone.utc)


@pytest.fixture
def root(tmp_path):
    """A root with a run that pushed a model, and a later one that failed."""
    home = Home(run="taxi-1")
    pushed = RunRecord(
        id="taxi-1",
        pipeline="taxi",
        state="complete",
        started=START,
        finished=START + datetime.timedelta(seconds=95),
        config_json="{}",
        span=3,
        blessed=True,
        pushed="/serving/taxi/1",
        nodes=(
            NodeRecord(
                id="ExampleGen",
                state="cached",
                seconds=0.3,
                reason="same as in run [taxi-0]",
                artifacts={"examples": ("/data/artifacts/ExampleGen/examples/1",)},
                home=home,
            ),
            NodeRecord(id="Trainer", state="complete", seconds=61, peak_memory=512 << 20, home=home),
        ),
    )
    failed = RunRecord(
        id="taxi-2",
        pipeline="taxi",
        state="failed",
        started=START + datetime.timedelta(hours=1),
        config_json="{}",
        error="ExampleGen: rows.csv:3: 2 cells",
        exit_code=2,
        nodes=(
            NodeRecord(
                id="ExampleGen", state="failed", error="rows.csv:3: 2 cells", log="/l/ExampleGen.log", home=home
            ),
        ),
    )
    for record in (pushed, failed):
        runs.save(str(tmp_path), record)
    return str(tmp_path)


def test_runs_lists_the_newest_first(root, capsys):
    assert main(["runs", "--root", root]) == ExitCode.OK
    header, second, first = capsys.readouterr().out.splitlines()
    assert header.split() == ["run", "pipeline", "span", "state", "started", "took", "model"]
    assert second.split() == ["taxi-2", "taxi", "failed", "2024-01-31", "13:00:00"]
    assert first.split(maxsplit=8)[:8] == ["taxi-1", "taxi", "3", "complete", "2024-01-31", "12:00:00", "1m", "35s"]
    assert "pushed to /serving/taxi/1" in first


def test_runs_as_json(root, capsys):
    assert main(["runs", "--root", root, "--json"]) == ExitCode.OK
    second, first = json.loads(capsys.readouterr().out)
    assert (first["id"], first["pushed"], second["exit_code"]) == ("taxi-1", "/serving/taxi/1", 2)


def test_show_tells_what_ran_why_and_where_it_is(root, capsys):
    assert main(["show", "taxi-1", "--root", root]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "run taxi-1: taxi, span 3, complete, 1m 35s" in out
    assert "cached" in out
    assert "same as in run [taxi-0]" in out
    assert "512 MiB" in out
    assert "/data/artifacts/ExampleGen/examples/1" in out


def test_show_without_a_run_takes_the_newest(root, capsys):
    assert main(["show", "--root", root]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "ExampleGen failed: rows.csv:3: 2 cells\nlog: /l/ExampleGen.log" in out


def test_show_as_json(root, capsys):
    assert main(["show", "taxi-1", "--root", root, "--json"]) == ExitCode.OK
    shown = json.loads(capsys.readouterr().out)
    assert [node["state"] for node in shown["nodes"]] == ["cached", "complete"]


def test_a_run_that_is_not_there_is_answered_with_close_ones(root, capsys):
    assert main(["show", "taxi-3", "--root", root]) == ExitCode.INPUT
    assert "taxi-1" in capsys.readouterr().err


def test_the_root_is_the_working_directorys_runs_where_there_is_one(tmp_path, monkeypatch, capsys):
    record = RunRecord(id="mine-1", pipeline="mine", started=START, config_json="{}", state="complete")
    runs.save(str(tmp_path / "runs"), record)
    monkeypatch.chdir(tmp_path)
    assert main(["runs"]) == ExitCode.OK
    assert "mine-1" in capsys.readouterr().out


def test_a_root_without_runs(tmp_path, capsys):
    assert main(["runs", "--root", str(tmp_path)]) == ExitCode.OK
    assert main(["show", "--root", str(tmp_path)]) == ExitCode.INPUT
    assert f"no runs under {tmp_path}" in capsys.readouterr().err
