"""`millrace rehearse` on a file that was written by hand."""

from __future__ import annotations

import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from pipeline import runs
from pipeline.cli.main import main
from pipeline.cli.rehearse import rehearse as rehearse_command
from pipeline.rehearsal.record import RehearsalRecord
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
    file = write(folder, *documents(tasks, parameters, "taxi"))
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
    assert f"--run-id then: there is no such run under {tmp_path}/root: a new one is called so\n" in said
    assert "one started" in said
    assert "[1/1] one" in said
    assert "1 succeeded in" in said
    assert said.endswith(f"\nthe run: millrace runs --root {tmp_path}/root\n")
    assert f"{tmp_path}/root/rehearsals/" in said


def test_a_store_needs_its_password(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MILLRACE_STORE_PASSWORD", raising=False)
    assert rehearse(tmp_path, {"one": one(pod=PASSWORD)}, "--store", "mysql://me@here/db") == 2
    assert "task one gets the variable MILLRACE_STORE_PASSWORD from the Secret db: set" in capsys.readouterr().err
    monkeypatch.setenv("MILLRACE_STORE_PASSWORD", "geheim")
    assert rehearse(tmp_path, {"one": one(pod=PASSWORD)}, "--store", "mysql://me@here/db") == 0
    assert "store=mysql://me@here/db" in log(tmp_path, "one")


def test_a_failure_shows_the_end_of_the_log_and_gives_its_exit_code(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    retry = {"maxRetryCount": 1}
    tasks = {"one": one("seq 8; echo no good; exit 1", retry=retry), "two": task("true", after=["one"])}
    assert rehearse(tmp_path, tasks) == 1
    said = capsys.readouterr().out
    assert re.search(r"one failed after [\d.]+s: exit code 1; again in 0.0s\n    no good\none started, try 2", said)
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


PLANNED = """
import datetime, os, pathlib, sys, time
from pipeline import runs
root, run, job, seconds = sys.argv[1:]
now = datetime.datetime.now(datetime.timezone.utc)
nodes = [runs.NodeRecord(id=name, home=runs.Home(run=run or job)) for name in ("One", "Two")]
record = runs.RunRecord(
    id=run or job, pipeline="taxi", started=now, config_json="{}", nodes=nodes, process=f"{runs.JOB}{job}"
)
runs.save(root, record)
under_way = nodes[0].model_copy(update={"state": "running"})
runs.save_outcome(root, record.id, runs.Outcome(node=under_way, attempt=1, at=now))
print("up", flush=True)
time.sleep(float(seconds))
os.kill(os.getpid(), 9)
"""
"""A task that plans a run and begins one of its nodes, as a node's does, and does not come to the end of it."""


def begun(folder: pathlib.Path, seconds: int) -> str:
    """The file of a pipeline of that task and one that waits for it."""
    inputs = {name: {"componentInputParameter": name} for name in ("pipeline_root", "run_id")}
    inputs["job"] = {"runtimeValue": {"constant": "{{$.pipeline_job_uuid}}"}}
    words = [f"{{{{$.inputs.parameters['{name}']}}}}" for name in inputs]
    first = task("python", "-c", PLANNED, *words, str(seconds), parameters=dict.fromkeys(inputs, TEXT), inputs=inputs)
    parameters = {"pipeline_root": {**TEXT, "defaultValue": "/mnt"}, "run_id": {**TEXT, "defaultValue": ""}}
    return write(folder, *documents({"one": first, "two": task("true", after=["one"])}, parameters, "taxi"))


def ended(root: pathlib.Path) -> tuple[runs.RunRecord, list[str]]:
    [record] = runs.list_runs(str(root))
    assert record.finished
    return record, [node.state for node in record.nodes]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_run_that_is_interrupted_is_not_running_any_more(tmp_path: pathlib.Path, number: signal.Signals) -> None:
    options = ["--file", begun(tmp_path, 600), "--root", "my root", "--param", "run_id=mine", "--parallel", "1"]
    command = [sys.executable, "-m", "pipeline.cli.main", "rehearse", "taxi", *options]
    environment = {**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parents[3])}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as child:
        until = time.monotonic() + 120
        while not any(each.read_text() for each in tmp_path.glob("my root/rehearsals/*/one-1.log")):
            assert time.monotonic() < until
            time.sleep(0.05)
        child.send_signal(number)
        said, _ = child.communicate(timeout=120)
    assert child.returncode == 130, said
    record, states = ended(tmp_path / "my root")
    assert (record.id, record.state, record.exit_code, states) == ("mine", "interrupted", 130, ["cancelled", "pending"])
    *_, last = said.splitlines()
    assert last.startswith("to go on with the run: millrace rehearse taxi ")
    given = rehearse_command.make_context("rehearse", shlex.split(last)[8:]).params
    wanted = rehearse_command.make_context("rehearse", ["taxi", *options, "--run-id", "mine"]).params
    assert given == wanted


def test_a_run_whose_task_was_killed_once_too_often_is_not_running_any_more(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "root"
    assert main(["rehearse", "taxi", "--file", begun(tmp_path, 0), "--root", str(root)]) == 70
    record, states = ended(root)
    assert (record.state, record.exit_code, states) == ("killed", 70, ["cancelled", "pending"])
    assert f"--root {root}" in (said := capsys.readouterr().out.splitlines()[-1])
    assert f" --run-id {record.id} " in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--param", "trainer_epocs=5"], "no parameter 'trainer_epocs'. Did you mean trainer_epochs?"),
        (["--param", "trainer_epochs=five"], "trainer_epochs must be a whole number. Received: 'five'"),
        (["--param", "trainer_epochs=-5"], "--param trainer_epochs=-5: Trainer.epochs: Input should be greater"),
        (["--run-id", "../x"], "--run-id: write letters, digits, dots, dashes and underscores. Received: '../x'"),
        (["--run-id", ""], "--run-id is empty: is a variable of the shell not set?"),
        (["--store", ""], "--store is empty: is a variable of the shell not set?"),
        (["--store", "sqlite:///x"], "--store: write mysql:// or postgresql://USER@HOST:PORT/DATABASE"),
        (["--docker", "--image", ""], "--image is empty: is a variable of the shell not set?"),
        (["--root", " "], "--root is empty: is a variable of the shell not set?"),
        (["--root", "/proc/none"], "/proc/none: cannot write there (No such file or directory)"),
        (["--set", "kubeflow.root=runs"], "kubeflow.root must lie in one of kubeflow.volumes"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_compiled(
    tmp_path: pathlib.Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rehearse", "taxi", "--root", str(tmp_path / "root"), *options]) == 2
    said = capsys.readouterr()
    assert "compiling" not in said.out
    assert message in said.err


DOCKER = """#!/bin/sh
echo "$@" >> {calls}
for word; do case $word in absent*) echo No such image: $word >&2; exit 1; esac; done
echo 1000
"""


@pytest.fixture
def inspected(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """What a docker was asked for that has all images but those called absent, each with a user of its own."""
    (tmp_path / "bin").mkdir()
    calls, docker = tmp_path / "calls", tmp_path / "bin/docker"
    docker.write_text(DOCKER.format(calls=calls))
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return calls


@pytest.mark.parametrize("options", [["--image", "absent:1"], ["--set", "kubeflow.image=absent:1"]])
def test_an_image_that_is_not_here_is_told_before_anything_is_compiled(
    tmp_path: pathlib.Path, inspected: pathlib.Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rehearse", "taxi", "--root", str(tmp_path / "root"), "--docker", *options]) == 2
    said = capsys.readouterr()
    assert "compiling" not in said.out
    assert "image absent:1: No such image: absent:1. `millrace image build` builds it" in said.err


def test_a_docker_that_does_not_run_is_told_as_that(
    tmp_path: pathlib.Path, inspected: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    docker = tmp_path / "bin/docker"
    docker.write_text("#!/bin/sh\necho Cannot connect to the Docker daemon at unix:///x. >&2\nexit 1\n")
    assert main(["rehearse", "taxi", "--root", str(tmp_path / "root"), "--docker", "--image", "nosuch:1"]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "docker does not answer: Cannot connect to the Docker daemon at unix:///x. It must run here" in told
    assert "DOCKER_HOST" in told
    assert "image build" not in told


def test_a_compiled_file_has_images_of_its_own(
    tmp_path: pathlib.Path, inspected: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of the config, which may be for another cluster, are not asked for."""
    assert rehearse(tmp_path, {"one": one()}, "--docker") == 0, capsys.readouterr()
    asked = [line.split()[-1] for line in inspected.read_text().splitlines() if line.startswith("image inspect")]
    [task_image] = {line.image for line in _record(tmp_path).tasks}
    assert asked == [task_image]


def test_a_file_of_another_pipeline_is_refused(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, *documents({"one": task("true")}, pipeline_name="digits"))
    assert main(["rehearse", "taxi", "--file", file, "--root", str(tmp_path / "root")]) == 2
    assert f"--file {file}: it is the pipeline digits, and the config is that of taxi" in capsys.readouterr().err
    assert not (tmp_path / "root").exists()


def _record(folder: pathlib.Path) -> RehearsalRecord:
    [file] = (folder / "root/rehearsals").glob("*/rehearsal.json")
    return RehearsalRecord.model_validate_json(file.read_text())
