"""Whole rehearsals of small commands."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from components.errors import ExitCode, InputError
from pipeline.rehearsal.events import Event, Started, TryFailed, TryStarted
from tests.pipeline.rehearsal.documents import CHECKOUT, JOB, log_of, order, run, states, task

TWICE = {"maxRetryCount": 2, "backoffDuration": "0s", "backoffFactor": 2}


def sh(script: str, **parts: object) -> dict[str, object]:
    return task("sh", "-c", script, **parts)  # type: ignore[arg-type]


def test_tasks_run_after_what_they_need(tmp_path: pathlib.Path) -> None:
    tasks = {
        "last": sh("test -e left && test -e right && echo done", after=["left", "right"]),
        "left": sh("test -e first && touch left", after=["first"]),
        "right": sh("test -e first && touch right; echo told", after=["first"]),
        "first": sh("touch first"),
    }
    events: list[Event] = []
    record = run(tmp_path, tasks, events)
    assert record.exit_code == 0
    assert set(states(record).values()) == {"succeeded"}
    assert order(events)[0] == "first"
    assert order(events)[-1] == "last"
    assert log_of(record, "last") == "done\n"
    written = json.loads((tmp_path / "root/rehearsals" / JOB / "rehearsal.json").read_text())
    assert written["exit_code"] == 0
    assert [each["title"] for each in written["tasks"]] == ["First", "Left", "Right", "Last"]
    assert written["tasks"][0]["tries"][0]["started"] < written["tasks"][1]["tries"][0]["started"]


@pytest.mark.parametrize(("parallel", "patience", "code"), [(2, 60, 0), (1, 1, 1)])
def test_so_many_run_at_a_time(tmp_path: pathlib.Path, parallel: int, patience: int, code: int) -> None:
    """Each waits for the other one's file."""
    tasks = {
        "one": task("python", "-c", _WAIT.format(me="one", other="two", patience=patience)),
        "two": task("python", "-c", _WAIT.format(me="two", other="one", patience=patience)),
    }
    assert run(tmp_path, tasks, parallel=parallel).exit_code == code


_WAIT = """
import os, sys, time
open("{me}", "w").close()
until = time.monotonic() + {patience}
while not os.path.exists("{other}"):
    if time.monotonic() > until:
        sys.exit(1)
    time.sleep(0.02)
"""


def test_a_failed_container_is_started_again_in_an_empty_folder(tmp_path: pathlib.Path) -> None:
    script = "import os, sys, json; given = json.loads(sys.argv[1]); page = given['outputs']['artifacts']['page']\n"
    script += "path = page['artifacts'][0]['uri']; print(os.environ['KFP_POD_NAME'], os.path.exists(path))\n"
    script += "open(path, 'w').close(); open('tries', 'a').write('x'); sys.exit(len(open('tries').read()) < 3)"
    events: list[Event] = []
    tasks = {"one": task("python", "-c", script, "{{$}}", retry=TWICE, artifacts={"page": "system.HTML"})}
    record = run(tmp_path, tasks, events)
    assert record.exit_code == 0
    assert [each.exit_code for each in record.task("one").tries] == [1, 1, 0]
    logs = [pathlib.Path(each.log).read_text() for each in record.task("one").tries]
    assert logs == [f"one-{JOB[:8]}-{number} False\n" for number in (1, 2, 3)]
    assert [type(event) for event in events[1:-1]] == [TryStarted, TryFailed] * 2 + [TryStarted]


def test_a_sigkill_is_followed_by_another_try(tmp_path: pathlib.Path) -> None:
    script = "import os; once = not os.path.exists('once'); open('once', 'w').close(); once and os.kill(os.getpid(), 9)"
    events: list[Event] = []
    record = run(tmp_path, {"one": task("python", "-c", script, retry=TWICE)}, events)
    assert record.exit_code == 0
    assert [each.exit_code for each in record.task("one").tries] == [137, 0]
    [failed] = [event for event in events if isinstance(event, TryFailed)]
    assert failed.reason == "killed by SIGKILL"


def test_after_the_last_try_what_needs_it_is_skipped_and_other_branches_end(tmp_path: pathlib.Path) -> None:
    tasks = {
        "bad": sh("echo no; exit 2", retry={"maxRetryCount": 1}),
        "after-bad": sh("touch wrong", after=["bad", "good"]),
        "after-that": sh("touch wrong; true", after=["after-bad"]),
        "good": sh("sleep 0.3"),
        "after-good": sh("sleep 0.1", after=["good"]),
    }
    record = run(tmp_path, tasks)
    assert states(record) == {
        "bad": "failed",
        "good": "succeeded",
        "after-bad": "skipped",
        "after-good": "succeeded",
        "after-that": "skipped",
    }
    assert record.exit_code == 2
    assert len(record.task("bad").tries) == 2
    assert record.task("after-that").reason == "needs after-bad"
    assert not (tmp_path / "wrong").exists()


@pytest.mark.parametrize(("ended", "code"), [(1, 1), (4, 4), (5, 70), (130, 130)])
def test_the_exit_code_is_the_first_failed_task_s(tmp_path: pathlib.Path, ended: int, code: int) -> None:
    assert run(tmp_path, {"one": sh(f"exit {ended}")}).exit_code == code


def test_a_program_that_is_not_there_fails(tmp_path: pathlib.Path) -> None:
    record = run(tmp_path, {"one": task("no-such-program")})
    assert record.exit_code == 70
    assert "no-such-program cannot be started" in record.task("one").reason


def test_files_that_cannot_be_read_or_made_fail_the_task_and_not_the_rehearsal(tmp_path: pathlib.Path) -> None:
    made = task(
        "python", "-c", "import json, os, sys; os.makedirs(json.loads(sys.argv[1])['outputs']['outputFile'])", "{{$}}"
    )
    folder = tmp_path / "root/rehearsals" / JOB
    folder.mkdir(parents=True)
    (folder / "taken").touch()
    record = run(tmp_path, {"folder": made, "taken": sh("true")})
    assert record.exit_code == ExitCode.CRASH
    assert set(states(record).values()) == {"failed"}
    assert record.task("folder").reason.startswith("[Errno 21] Is a directory: ")
    assert record.task("taken").reason == f"[Errno 17] File exists: '{folder}/taken'"


def test_nothing_starts_where_one_task_is_wrong(tmp_path: pathlib.Path) -> None:
    tasks = {"one": sh("touch started"), "two": task("echo", "{{$.pipeline_job_uuid}}", after=["one"])}
    with pytest.raises(InputError, match="task two: the backend does not replace"):
        run(tmp_path, tasks)
    assert not (tmp_path / "started").exists()


def test_parameters_reach_the_command(tmp_path: pathlib.Path) -> None:
    whole = {"epochs": {"parameterType": "NUMBER_INTEGER", "defaultValue": 3}}
    one = task(
        "echo",
        "--epochs={{$.inputs.parameters['epochs']}}",
        "{{$.inputs.parameters['job']}}",
        parameters={"epochs": {"parameterType": "NUMBER_INTEGER"}, "job": {"parameterType": "STRING"}},
        inputs={
            "epochs": {"componentInputParameter": "epochs"},
            "job": {"runtimeValue": {"constant": "{{$.pipeline_job_uuid}}"}},
        },
    )
    assert log_of(run(tmp_path, {"one": one}, definitions=whole), "one") == f"--epochs=3 {JOB}\n"
    again = run(tmp_path, {"one": one}, definitions=whole, settings=["epochs=7"])
    assert log_of(again, "one").endswith(f"--epochs=7 {JOB}\n")
    assert again.parameters == {"epochs": 7}


SAY = """
import json, os, sys
outputs = json.loads(sys.argv[1])["outputs"]
os.makedirs(os.path.dirname(outputs["outputFile"]))
with open(outputs["outputFile"], "w") as file:
    file.write(sys.argv[2])
with open(outputs["artifacts"]["page"]["artifacts"][0]["uri"], "w") as file:
    file.write("<p>")
"""


def say(said: object) -> dict[str, object]:
    kinds = {"page": "system.HTML", "model": "system.Model"}
    return task("python", "-c", SAY, "{{$}}", said if isinstance(said, str) else json.dumps(said), artifacts=kinds)


def test_the_record_has_what_the_interface_would_show(tmp_path: pathlib.Path) -> None:
    said = {"artifacts": {"model": {"artifacts": [{"uri": "/mnt/root/model/3", "metadata": {"blessed": 1}}]}}}
    shown = run(tmp_path, {"one": say(said)}).task("one").artifacts
    assert shown["model"].model_dump() == {
        "type": "system.Model",
        "uri": "/mnt/root/model/3",
        "metadata": {"blessed": 1},
        "file": None,
    }
    assert shown["page"].type == "system.HTML"
    assert shown["page"].file is not None
    assert pathlib.Path(shown["page"].file).read_text() == "<p>"


def test_what_a_task_prints_is_an_artifact_of_kubeflows(tmp_path: pathlib.Path) -> None:
    """As the driver and the launcher of 2.5.0 have it; of a task that fails nothing is uploaded."""
    script = """
import json, os, sys
[log] = json.loads(sys.argv[1])["outputs"]["artifacts"]["executor-logs"]["artifacts"]
print("there" if os.path.getsize(log["uri"]) == 0 else "not empty", file=sys.stderr)
sys.exit(len(sys.argv) > 2)
"""
    tasks = {"one": task("python", "-c", script, "{{$}}"), "two": task("python", "-c", script, "{{$}}", "fail")}
    record = run(tmp_path, tasks)
    shown = record.task("one").artifacts["executor-logs"]
    assert (shown.type, pathlib.Path(str(shown.file)).read_text()) == ("system.Artifact", "there\n")
    assert record.task("two").artifacts == {}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"artifacts": {}, "state": "COMPLETE"}, "does not understand state"),
        ({"artifacts": {"model": {"artifacts": [{"uri": "gs://elsewhere/m"}]}}}, "cannot upload to gs://elsewhere/m"),
        ("no", "is no JSON"),
    ],
)
def test_what_the_launcher_cannot_take_fails_the_task(tmp_path: pathlib.Path, said: object, reason: str) -> None:
    record = run(tmp_path, {"one": say(said)})
    assert record.exit_code == ExitCode.CRASH  # not the launcher's 1, which is a gate's here
    assert reason in record.task("one").reason


def test_a_process_has_what_it_is_given_and_ends_with_all_that_it_started(tmp_path: pathlib.Path) -> None:
    started = "import os, subprocess, tempfile; print(sorted(os.environ), os.getcwd(), tempfile.gettempdir())\n"
    started += "subprocess.Popen(['sleep', '600'])\n"
    started += "print(subprocess.Popen(['sleep', '600'], start_new_session=True).pid)"
    record = run(tmp_path, {"one": task("python", "-c", started, env=[{"name": "GIVEN", "value": "1"}])})
    said = log_of(record, "one")
    assert "'GIVEN'" in said
    assert "PYTEST_CURRENT_TEST" not in said
    assert f"{tmp_path} /tmp/rehearsal-" in said
    pid = int(said.split()[-1])
    assert not pathlib.Path(f"/proc/{pid}").exists() or "sleep" not in pathlib.Path(f"/proc/{pid}/cmdline").read_text()


def test_what_is_not_rehearsed_is_told(tmp_path: pathlib.Path) -> None:
    pod = {
        "pvcMount": [{"constant": "claim", "mountPath": "/mnt/millrace"}],
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
    }
    events: list[Event] = []
    run(tmp_path, {"one": sh("true", pod=pod)}, events)
    assert isinstance(events[0], Started)
    assert events[0].notes == ("choice of nodes", "image millrace:1", "volumes")


CHILD = """
import pathlib, sys
from tests.pipeline.rehearsal import documents
from tests.pipeline.rehearsal.documents import run, task, states
documents.JOB = sys.argv[2]
record = run(pathlib.Path(sys.argv[1]), {
    "slow": task("python", "-c", "import time; open('up', 'w').close(); time.sleep(600)", retry={"maxRetryCount": 5}),
    "other": task("sleep", "600"),
    "after": task("true", after=["slow"]),
})
print(record.exit_code, *states(record).values())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_ctrl_c_leaves_no_process(tmp_path: pathlib.Path, number: signal.Signals) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path), JOB], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 60
    while not (tmp_path / "up").exists() and time.monotonic() < until:
        time.sleep(0.05)
    child.send_signal(number)
    said, _ = child.communicate(timeout=60)
    assert said.split() == ["130", "interrupted", "interrupted", "skipped"]
    mark = f"-{JOB[:8]}-1".encode()
    assert not [name for name in os.listdir("/proc") if name.isdigit() and mark in _variables(name)]


def _variables(pid: str) -> bytes:
    try:
        return pathlib.Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
