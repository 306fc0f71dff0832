"""Waiting for runs: what is shown, what the command ends with, and how it goes on with runs that were lost."""

from __future__ import annotations

import _thread
import pathlib
import re
import shlex
import time
from typing import Any

import pytest

from components.errors import ExitCode
from pipeline.cli.submit import submit
from pipeline.submission import package
from pipeline.submission.access import Access
from pipeline.submission.asked import Asked
from pipeline.submission.submit import submit as submit_draft
from pipeline.submission.watch import WaitedError
from tests.pipeline.submission import argo, compiled
from tests.pipeline.submission.argo import DELETED, DONE, EXIT, LOST, OK, RUNNING, WORKING, Workflow
from tests.pipeline.submission.conftest import Cluster
from tests.pipeline.submission.kfp_server import Call, Refused

KILLED = "I1122 main.go:29] Setting it\nmillrace: {}\nF1122 main.go:59] failed to execute component: exit status {}\n"


def test_tasks_are_told_as_they_begin_and_end(cluster: Cluster) -> None:
    cluster.backend.stories.append([Workflow("Pending"), Workflow("Running", {"start": [RUNNING]}), WORKING, DONE])
    answer = cluster.submit("--wait")
    (run,) = cluster.backend.runs
    assert answer.code == ExitCode.OK
    assert re.sub(r" {2,}", "  ", answer.out).splitlines()[1:] == [
        f"run {run}, logs in {cluster.host}/#/runs/details/{run}",
        f"run {run} is pending",
        f"run {run} is running",
        "start started",
        "[1/3] start  complete  1m 30s",
        "ExampleGen started",
        "[2/3] ExampleGen  complete  1m 30s",
        "Trainer started",
        "[3/3] Trainer  complete  1m 30s",
        f"run {run} has succeeded",
    ]


def test_what_kfp_has_not_told_of_a_run_that_succeeded_is_complete(cluster: Cluster) -> None:
    """It writes the run's state before its tasks'."""
    cluster.backend.stories.append([Workflow("Succeeded", {"start": [OK], "example-gen": [RUNNING]})])
    answer = cluster.submit("--wait")
    assert answer.code == ExitCode.OK
    assert [line.split("]")[1].split()[:2] for line in answer.out.splitlines() if line.startswith("[")] == [
        ["start", "complete"],
        ["ExampleGen", "complete"],
        ["Trainer", "complete"],
    ]


@pytest.mark.parametrize(
    ("status", "code"), [(1, ExitCode.GATE), (2, ExitCode.INPUT), (70, ExitCode.CRASH), (9, ExitCode.CRASH)]
)
def test_a_failed_run_ends_with_what_its_task_ended_with(cluster: Cluster, status: int, code: ExitCode) -> None:
    """KFP's launcher ends with 1 whatever the task ends with; what that was is in the log of the last attempt."""
    cluster.backend.stories.append([Workflow("Failed", {"start": [OK], "trainer": [EXIT, EXIT]})])
    cluster.backend.logs[argo.pod_id("trainer", 0)] = KILLED.format("earlier", 4)
    cluster.backend.logs[argo.pod_id("trainer", 1)] = KILLED.format("loss is NaN", status)
    answer = cluster.submit("--wait")
    assert answer.code == code
    assert "Trainer failed: loss is NaN\n" in answer.out
    assert re.search(r"Trainer +failed +1m 30s\n", answer.out)
    assert "ExampleGen" not in answer.out  # it never began
    assert len(cluster.backend.runs) == 1


def test_a_failed_run_without_logs_is_a_crash(cluster: Cluster) -> None:
    cluster.backend.stories.append([Workflow("Failed", {"start": [EXIT]})])
    answer = cluster.submit("--wait")
    assert answer.code == ExitCode.CRASH
    assert "start failed: Error (exit code 1)\n" in answer.out


def test_what_kfp_says_of_a_run_and_of_its_tasks_is_told_without_the_token(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILLRACE_TOKEN", "S3CRET")
    said = {"": "no spec\nfor S3CRET", "trainer": "image S3CRET: not found"}
    failed = Workflow("Failed", {"start": [OK], "trainer": [("Failed", "S3CRET is wrong")]}, errors=said)
    cluster.backend.stories.append([failed])
    answer = cluster.submit("--wait")
    assert answer.code == ExitCode.CRASH
    assert f"KFP says of run {next(iter(cluster.backend.runs))}: no spec for …\n" in answer.out
    assert re.search(r"Trainer +failed +1m 30s  image …: not found\n", answer.out)
    assert "Trainer failed: … is wrong\n" in answer.out
    assert "S3CRET" not in answer.out + answer.err


def test_a_driver_that_fails_is_a_crash_of_its_task(cluster: Cluster) -> None:
    """Its log, as the driver of 2.5.0 writes it, says why."""
    cluster.backend.stories += [[Workflow("Failed", {"start": [OK]}, {"trainer": EXIT})]] * 2
    answer = cluster.submit("--wait")
    assert answer.code == ExitCode.CRASH
    assert "Trainer failed: Error (exit code 1)\n" in answer.out
    cluster.backend.logs[argo.driver_id("trainer")] = (
        "I1128 02:10:42.555158      16 main.go:249] output execution.ID=2\n"
        "F1128 02:10:42.555277      16 main.go:101] KFP driver: failed to write execution ID to file: no space left\n"
        'time="2026-11-28T02:10:43.181Z" level=info msg="sub-process exited" argo=true error="<nil>"\n'
    )
    explained = cluster.submit("--wait")
    assert explained.code == ExitCode.CRASH
    assert "Trainer failed: KFP driver: failed to write execution ID to file: no space left\n" in explained.out


@pytest.mark.parametrize(
    "lost",
    [LOST, Workflow("Error", {"start": [OK]}, {"trainer": DELETED})],
    ids=["the task's pod", "its driver's pod"],
)
def test_a_run_whose_pod_was_lost_goes_on_under_its_id(cluster: Cluster, lost: Workflow) -> None:
    cluster.backend.stories += [[WORKING, lost], [lost], [DONE]]
    answer = cluster.submit("--wait", "--param", "trainer_epochs=4")
    first, second, third = cluster.backend.runs
    assert answer.code == ExitCode.OK
    assert cluster.parameters == [
        {"trainer_epochs": 4},
        {"trainer_epochs": 4, "run_id": first},
        {"trainer_epochs": 4, "run_id": first},
    ]
    assert f"run {first} was lost: the pod of Trainer was deleted\nit goes on as {second}\n" in answer.out
    assert f"run {third}, logs in {cluster.host}/#/runs/details/{third}\n" in answer.out
    assert (
        len({each["pipeline_version_reference"]["pipeline_version_id"] for each in cluster.backend.runs.values()}) == 1
    )


def test_a_run_that_was_given_an_id_goes_on_under_that(cluster: Cluster) -> None:
    cluster.backend.stories += [[LOST], [DONE]]
    answer = cluster.submit("--wait", "--param", "run_id=mine")
    assert answer.code == ExitCode.OK
    assert f"run {next(iter(cluster.backend.runs))} goes on with mine\n" in answer.out
    assert cluster.parameters == [{"run_id": "mine"}, {"run_id": "mine"}]


def test_a_run_goes_on_only_so_often(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = compiled.write(tmp_path_factory.mktemp("twice"), "kubeflow.resumes=2")
    cluster.backend.stories += [[LOST], [LOST], [LOST], [DONE]]
    answer = cluster.submit("--wait", file=file)
    last = list(cluster.backend.runs)[-1]
    assert (answer.code, len(cluster.backend.runs)) == (ExitCode.CRASH, 3)
    assert "Trainer failed: pod deleted\n" in answer.out
    assert f"--resume {last} goes on with the run\n" in answer.out


@pytest.mark.parametrize(
    "ended",
    [
        Workflow("Failed", {"start": [OK], "example-gen": [EXIT, EXIT], "trainer": [DELETED]}),
        Workflow("Failed", {"trainer": [DELETED, EXIT]}),
        Workflow("Failed", {"trainer": [("Failed", "pod deleted")]}),
        Workflow("Error", {"trainer": [("Error", "pods is forbidden: exceeded quota")]}),
        Workflow("Error", {"trainer": [DELETED]}, terminated=True),
    ],
    ids=["another task has failed", "the last attempt has failed", "no error of Argo's", "another error", "terminated"],
)
def test_a_run_that_was_not_lost_does_not_go_on(cluster: Cluster, ended: Workflow) -> None:
    cluster.backend.stories += [[ended], [DONE]]
    answer = cluster.submit("--wait")
    assert answer.code == (ExitCode.INTERRUPTED if ended.terminated else ExitCode.CRASH)
    assert len(cluster.backend.runs) == 1


def test_a_kfp_that_does_not_tell_why_is_believed_no_loss(cluster: Cluster) -> None:
    cluster.backend.old_api = False
    cluster.backend.stories += [[LOST], [DONE]]
    assert cluster.submit("--wait").code == ExitCode.CRASH
    assert len(cluster.backend.runs) == 1


def test_the_run_goes_on_when_the_waiting_ends(cluster: Cluster) -> None:
    cluster.backend.stories += [[WORKING], [WORKING]]
    late = cluster.submit("--wait", "--timeout", 0.3)
    assert late.code == ExitCode.INTERRUPTED
    assert "millrace: the time that --timeout gave is over\n" in late.err

    def press_ctrl_c(_method: str, path: str) -> None:
        if "v2beta1/runs/" in path:
            _thread.interrupt_main()

    cluster.backend.fault = press_ctrl_c
    interrupted = cluster.submit("--wait")
    assert interrupted.code == ExitCode.INTERRUPTED
    for answer, run in zip((late, interrupted), cluster.backend.runs, strict=True):
        again = f"millrace submit --file {cluster.file} --host {cluster.host} --resume {run} --wait --no-image-check"
        assert answer.out.splitlines()[-1].endswith(f"To wait for it, or to go on with it: {again}")
    assert not any("terminate" in call for call in cluster.backend.calls)


def test_a_server_that_restarts_is_waited_for(cluster: Cluster) -> None:
    """KFP may have been on the node that was lost: it is away for looks, for the reason and for the new run."""
    away = (503, {}, b"no healthy upstream")
    looks, reasons, starts = iter([None, away, away]), iter([away, away]), iter([None, away])

    def fault(method: str, path: str) -> tuple[int, dict[str, str], bytes] | None:
        asked = {("GET", "v2beta1/runs/"): looks, ("GET", "v1beta1/runs/"): reasons, ("POST", "v2beta1/runs"): starts}
        return next((next(left, None) for (verb, part), left in asked.items() if verb == method and part in path), None)

    cluster.backend.fault = fault
    cluster.backend.stories += [[WORKING, LOST], [DONE]]
    answer = cluster.submit("--wait")
    assert answer.code == ExitCode.OK
    assert answer.out.count("waiting on") == 3
    assert len(cluster.backend.runs) == 2


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_run_that_kfp_has_made_without_answering_is_gone_on_with(cluster: Cluster, status: int) -> None:
    """A proxy, or a service mesh, loses the answer to the call that goes on with a lost run."""
    made = cluster.backend.on_CreateRun
    lost = iter([False, True])

    def on_CreateRun(call: Call) -> Any:
        run = made(call)
        if next(lost, False):
            raise Refused(status, "upstream request timeout")
        return run

    cluster.backend.on_CreateRun = on_CreateRun  # type: ignore[method-assign]
    cluster.backend.stories += [[LOST], [DONE], [WORKING]]
    assert cluster.submit("--wait").code == ExitCode.OK
    assert len(cluster.backend.runs) == 2
    assert cluster.parameters == [{}, {"run_id": list(cluster.backend.runs)[0]}]


def test_a_run_that_goes_on_is_named_after_the_one_before(cluster: Cluster) -> None:
    cluster.backend.stories += [[WORKING, LOST], [LOST], [DONE]]
    cluster.submit()
    (first,) = cluster.backend.runs
    assert cluster.submit("--resume", first, "--wait").code == ExitCode.OK
    names = [run["display_name"] for run in cluster.backend.runs.values()]
    assert names[1:] == [f"taxi after {each}" for each in list(cluster.backend.runs)[:-1]]


def test_the_command_that_goes_on_has_all_that_was_given(cluster: Cluster, tmp_path: pathlib.Path) -> None:
    token = tmp_path / "the token"
    token.write_text("t0ken")
    words = ["my configs/taxi.py", "--cluster", "c.py", "--set", "name='a b'"]
    access = Access(cluster.host, "ann", str(token), None)
    asked = Asked(access, wait=True, every=0.1, timeout=0, image_check=False)
    said: list[Any] = []
    with pytest.raises(WaitedError):
        submit_draft(package.of_file(str(cluster.file), words), asked, said.append)
    command = shlex.split(said[-1].text.partition("to go on with it: ")[2])
    (run,) = cluster.backend.runs
    options = ["--host", cluster.host, "--namespace", "ann", "--token-file", str(token), "--resume", run]
    assert command == ["millrace", "submit", *words, *options, "--wait", "--no-image-check"]
    parsed = submit.make_context("submit", command[2:]).params
    assert (parsed["config"], parsed["overrides"], parsed["resume"]) == (words[0], (words[-1],), run)


def test_the_last_look_is_when_the_time_is_over(cluster: Cluster) -> None:
    """However far apart they are."""
    cluster.backend.stories.append([WORKING, DONE])
    began = time.monotonic()
    assert cluster.submit("--wait", "--every", "60", "--timeout", "0.5").code == ExitCode.OK
    assert 0.5 < time.monotonic() - began < 50


def test_a_token_that_runs_out_ends_the_waiting_but_not_the_run(cluster: Cluster) -> None:
    looks = iter([None, (401, {}, b"{}")])
    cluster.backend.fault = lambda _method, path: next(looks, None) if re.search("v2beta1/runs/.", path) else None
    cluster.backend.stories.append([WORKING])
    answer = cluster.submit("--wait")
    assert answer.code == ExitCode.INPUT
    assert "the run is left alone: " in answer.out
    assert "answered 401" in answer.err
