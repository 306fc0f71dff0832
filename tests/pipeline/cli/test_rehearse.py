"""`millrace rehearse` on a file that was written by hand."""

from __future__ import annotations

import pathlib
import re
from typing import Any

import pytest

from pipeline.cli.main import main
from tests.pipeline.rehearsal.documents import documents, task, write

SAID = (
    "echo {{$.inputs.parameters['pipeline_root']}} {{$.inputs.parameters['run_id']}}; pwd; echo store=$MILLRACE_STORE"
)
TEXT = {"parameterType": "STRING"}
STORE = [{"name": "MILLRACE_STORE", "value": "mysql://there"}]
PASSWORD = {
    "secretAsEnv": [{"secretName": "db", "keyToEnv": [{"secretKey": "p", "envVar": "MILLRACE_STORE_PASSWORD"}]}]
}


def rehearse(folder: pathlib.Path, tasks: dict[str, Any], *options: str) -> int:
    parameters = {"pipeline_root": {**TEXT, "defaultValue": "/mnt"}, "run_id": {**TEXT, "defaultValue": ""}}
    file = write(folder, *documents(tasks, parameters))
    return main(["rehearse", "taxi", "--file", file, "--root", str(folder / "root"), *options])


def one(script: str = SAID, **parts: Any) -> dict[str, Any]:
    inputs = {name: {"componentInputParameter": name} for name in ("pipeline_root", "run_id")}
    return task("sh", "-c", script, parameters=dict.fromkeys(inputs, TEXT), inputs=inputs, env=STORE, **parts)


def log(folder: pathlib.Path, name: str) -> str:
    [path] = (folder / "root/rehearsals").glob(f"*/{name}-1.log")
    return path.read_text()


def test_a_task_sees_the_root_and_the_project(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rehearse(tmp_path, {"one": one(pod=PASSWORD)}, "--run-id", "then") == 0
    said = capsys.readouterr().out
    checkout = pathlib.Path(__file__).parents[3]
    assert log(tmp_path, "one") == f"{tmp_path}/root then\n{checkout}\nstore=\n"
    assert "one started" in said
    assert "[1/1] one" in said
    assert "1 succeeded in" in said
    assert said.endswith(f"\nthe run: millrace runs --root {tmp_path}/root\n")
    assert f"{tmp_path}/root/rehearsals/" in said


def test_a_store_needs_its_password(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MILLRACE_STORE_PASSWORD", raising=False)
    assert rehearse(tmp_path, {"one": one(pod=PASSWORD)}, "--store", "mysql://here") == 2
    assert "task one gets the variable MILLRACE_STORE_PASSWORD from the Secret db: set" in capsys.readouterr().err
    monkeypatch.setenv("MILLRACE_STORE_PASSWORD", "geheim")
    assert rehearse(tmp_path, {"one": one(pod=PASSWORD)}, "--store", "mysql://here") == 0
    assert "store=mysql://here" in log(tmp_path, "one")


def test_a_failure_shows_the_end_of_the_log_and_gives_its_exit_code(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    retry = {"maxRetryCount": 1}
    tasks = {"one": one("seq 8; echo no good; exit 1", retry=retry), "two": task("true", after=["one"])}
    assert rehearse(tmp_path, tasks) == 1
    said = capsys.readouterr().out
    assert re.search(r"one failed after [\d.]+s: exit code 1; again in 0.0s", said)
    assert "one started, try 2" in said
    assert "[1/2] one                      failed" in said
    assert "2 tries, exit code 1\n    5\n    6\n    7\n    8\n    no good\n    log: " in said
    assert "[2/2] two                      skipped" in said
    assert "needs one" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--param", "epochs=5"], "the pipeline has no parameter 'epochs'"),
        (["--image", "a:1"], "--image is for --docker"),
        (["--set", "trainer.epochs=1"], "--set and --cluster count when a config is compiled, and --file is"),
        (["--cluster", "cluster.py"], "--set and --cluster count when a config is compiled, and --file is"),
        (["--parallel", "0"], "--parallel"),
    ],
)
def test_wrong_options_are_told(
    tmp_path: pathlib.Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rehearse(tmp_path, {"one": one()}, *options) == 2
    assert said in capsys.readouterr().err
