"""Submitting, from the command line to a KFP and back: uploads, runs, schedules."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

import pytest

from components.errors import ExitCode
from pipeline.config import embedded
from pipeline.config.load import load
from pipeline.submission.package import read
from tests.pipeline.submission import compiled
from tests.pipeline.submission.conftest import Cluster, only
from tests.pipeline.submission.kfp_server import Call


def test_a_run_is_made_of_an_uploaded_file(cluster: Cluster) -> None:
    answer = cluster.submit("--param", "trainer_epochs=5", "--param", 'drift_splits=["eval"]', "--experiment", "x")
    assert answer.code == ExitCode.OK, answer
    run, version = only(cluster.backend.runs), only(cluster.backend.versions)
    assert cluster.backend.files[version["pipeline_version_id"]] == cluster.file.read_bytes()
    assert run["pipeline_version_reference"]["pipeline_version_id"] == version["pipeline_version_id"]
    assert run["runtime_config"]["parameters"] == {"trainer_epochs": 5, "drift_splits": ["eval"]}
    assert only(cluster.backend.experiments)["display_name"] == "x"
    assert answer.out.splitlines()[-1] == f"run {run['run_id']}: {cluster.host}/#/runs/details/{run['run_id']}"


def test_the_same_file_is_uploaded_once_and_another_is_a_new_version(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = compiled.write(tmp_path_factory.mktemp("other"), "trainer.epochs=7")
    said = [cluster.submit(file=file).out for file in (cluster.file, cluster.file, other, other, cluster.file)]
    assert [" uploaded\n" in each for each in said] == [True, False, True, False, False]
    first, second = cluster.backend.versions.values()
    assert first["pipeline_id"] == second["pipeline_id"]
    assert first["description"] != second["description"] == second["display_name"]
    used = [each["pipeline_version_reference"]["pipeline_version_id"] for each in cluster.backend.runs.values()]
    assert [each == second["pipeline_version_id"] for each in used] == [False, False, True, True, False]
    assert len(cluster.backend.experiments) == 1
    assert only(cluster.backend.experiments)["display_name"] == "taxi"


def _somebody_else_first(cluster: Cluster, operation: str, **changed: str) -> None:
    """Who has looked before we have made what is missing makes it, too, and is answered first."""
    answer = getattr(cluster.backend, operation)

    def both(call: Call) -> Any:
        setattr(cluster.backend, operation, answer)
        answer(dataclasses.replace(call, query={**call.query, **changed}))
        return answer(call)

    setattr(cluster.backend, operation, both)


@pytest.mark.parametrize("operation", ["on_UploadPipeline", "on_UploadPipelineVersion", "on_CreateExperiment"])
def test_what_somebody_else_has_made_meanwhile_is_taken(
    cluster: Cluster, operation: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if operation == "on_UploadPipelineVersion":
        cluster.submit(file=compiled.write(tmp_path_factory.mktemp("other"), "trainer.epochs=7"))
    before = len(cluster.backend.versions)
    _somebody_else_first(cluster, operation)
    answer = cluster.submit()
    assert (answer.code, answer.err) == (ExitCode.OK, "")
    assert (" was uploaded before\n" in answer.out) == (operation != "on_CreateExperiment")
    assert len(cluster.backend.versions) == before + 1
    assert len(cluster.backend.pipelines) == len(cluster.backend.experiments) == 1


def test_another_file_that_somebody_has_uploaded_meanwhile_is_an_earlier_version(cluster: Cluster) -> None:
    _somebody_else_first(cluster, "on_UploadPipeline", description="sha256-other")
    assert cluster.submit().code == ExitCode.OK
    first, second = cluster.backend.versions.values()
    assert first["pipeline_id"] == second["pipeline_id"]
    assert (
        only(cluster.backend.runs)["pipeline_version_reference"]["pipeline_version_id"]
        == (second["pipeline_version_id"])
    )


def test_a_name_that_stays_taken_is_told(cluster: Cluster) -> None:
    cluster.backend.fault = lambda method, _path: (409, {}, b'{"message": "taken"}') if method == "POST" else None
    answer = cluster.submit()
    assert answer.code == ExitCode.INPUT
    assert "answered 409 Conflict to POST /apis/v2beta1/pipelines/upload: taken. Somebody has made the" in answer.err
    assert sum(call.startswith("POST") for call in cluster.backend.calls) == 2


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("trainer_epocs=5", "no parameter 'trainer_epocs'. Did you mean trainer_epochs? Parameters: beam, cache, data"),
        ("trainer_epochs=five", "trainer_epochs must be a whole number. Received: 'five'"),
        ("trainer_epochs=5.0", "trainer_epochs must be a whole number. Received: '5.0'"),
        (f"trainer_epochs={2**53 + 1}", "trainer_epochs must be a whole number that JSON can write. Received: '9007"),
        ("trainer_epochs=1" + "0" * 400, "trainer_epochs must be a whole number that JSON can write"),
        ("drift_splits=" + "[" * 9999, "drift_splits must be a JSON list"),
        ("trainer_learning_rate=-inf", "must be a number that JSON can write. Received: '-inf'"),
        ("trainer_learning_rate=fast", "trainer_learning_rate must be a number. Received: 'fast'"),
        ("trainer_learning_rate=nan", "must be a number that JSON can write. Received: 'nan'"),
        ("cache=yes", "cache must be true or false. Received: 'yes'"),
        ("drift_splits={}", "drift_splits must be a JSON list. Received: '{}'"),
        ("drift_splits=[NaN]", "drift_splits must be a JSON list. Received: '[NaN]'"),
        ("beam=[", "beam must be a JSON object. Received: '['"),
        ("trainer_epochs", "write NAME=VALUE"),
        ("trainer_epochs=-3", "Trainer.epochs: Input should be greater than 0"),
        ("pipeline_root=/else", "kubeflow.root must lie in one of kubeflow.volumes"),
    ],
)
def test_a_wrong_parameter_is_refused_before_any_call(cluster: Cluster, setting: str, message: str) -> None:
    answer = cluster.submit("--param", setting)
    assert answer.code == ExitCode.INPUT
    assert answer.err.startswith(f"millrace: --param {setting}: ")
    assert message in answer.err
    assert not cluster.backend.calls


def test_a_parameter_without_default_must_be_given(cluster: Cluster, tmp_path: pathlib.Path) -> None:
    defined = {**compiled.PARAMETERS, "secret": {"parameterType": "STRING"}}
    file = compiled.write(tmp_path, parameters=defined)
    answer = cluster.submit(file=file)
    assert (answer.code, cluster.backend.calls) == (ExitCode.INPUT, [])
    assert "no value for secret, which have no default: --param secret=…" in answer.err
    assert cluster.submit("--param", "secret=", file=file).code == ExitCode.OK


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "trainer.epochs=3"], "and --file is"),
        (["--cron", "0 6 * * *", "--wait"], "--cron makes a schedule, not a run: leave out --wait"),
        (["--cron", "@daily", "--param", "run_id=x"], "all runs would go on with the same one"),
        (["--timeout", "3"], "--timeout says how long to --wait"),
        (["--timeout", "nan", "--wait"], "--timeout must be a number of seconds"),
        (["--every", "nan", "--wait"], "--every must be a number of seconds"),
        (["--every", "1e300", "--wait"], "--every must be a number of seconds"),
        (["--namespace", "a\nb"], "--namespace 'a\\nb': there is what cannot be seen in it"),
        (["--experiment", "\udcff"], "--experiment '\\udcff': there is what cannot be seen in it"),
        (["--cron", "0 6 *"], "Received: 3 fields"),
        (["--cron", "61 7 * * *"], "--cron '61 7 * * *': the minute is 0 to 59, *, or ranges"),
    ],
)
def test_what_does_not_go_together_is_refused(cluster: Cluster, arguments: list[str], message: str) -> None:
    answer = cluster.submit(*arguments)
    assert (answer.code, cluster.backend.calls) == (ExitCode.INPUT, [])
    assert message in answer.err


def test_a_config_and_a_file_do_not_go_together(cluster: Cluster) -> None:
    answer = cluster.submit("taxi")
    assert (answer.code, cluster.backend.calls) == (ExitCode.INPUT, [])
    assert f"taxi and --file {cluster.file}: one of both is what runs" in answer.err


def test_a_kfp_of_several_users_wants_a_namespace(cluster: Cluster) -> None:
    cluster.backend.multi_user = True
    answer = cluster.submit()
    assert answer.code == ExitCode.INPUT
    assert "serves several users, each in a namespace: name yours with --namespace" in answer.err
    for name in ("ann", "bob", "ann"):
        assert cluster.submit("--namespace", name).code == ExitCode.OK
    assert [each["namespace"] for each in cluster.backend.pipelines.values()] == ["ann", "bob"]
    assert [each["namespace"] for each in cluster.backend.experiments.values()] == ["ann", "bob"]
    assert len(cluster.backend.versions) == 2


def test_a_kfp_of_one_user_leaves_a_namespace_aside(cluster: Cluster) -> None:
    answer = cluster.submit("--namespace", "ann")
    assert answer.code == ExitCode.OK
    assert "has no namespaces for users: ann is left aside" in answer.out


def test_the_home_folder_stays_as_it_is(cluster: Cluster, tmp_path: pathlib.Path) -> None:
    cluster.submit()
    assert not (tmp_path / "home").exists()


def test_tokens_come_from_files_and_from_the_environment(
    cluster: Cluster, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.backend.token = "s3cret"
    (tmp_path / "token").write_text("s3cret\n")
    (tmp_path / "old").write_text("expired")
    (tmp_path / "empty").write_text("\n")
    refused = cluster.submit()
    assert refused.code == ExitCode.INPUT
    assert (
        "answered 401 Unauthorized to GET /apis/v2beta1/healthz: Unauthenticated. It wants to know who asks"
        in refused.err
    )
    assert "The token was refused: has it run out?" in cluster.submit("--token-file", tmp_path / "old").err
    assert "the file is empty" in cluster.submit("--token-file", tmp_path / "empty").err
    assert "--token-file" in (none := cluster.submit("--token-file", tmp_path / "none").err)
    assert "No such file" in none
    assert cluster.submit("--token-file", tmp_path / "token").code == ExitCode.OK
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(tmp_path / "token"))  # where a pod of Kubeflow has one
    assert cluster.submit().code == ExitCode.OK
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(tmp_path / "empty"))
    empty = cluster.submit().err
    assert f"millrace: {tmp_path}/empty, the token of this pod's service account: the file is empty" in empty
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(tmp_path / "none"))
    monkeypatch.setenv("MILLRACE_TOKEN", "s3cret")
    answer = cluster.submit()
    assert answer.code == ExitCode.OK
    assert "s3cret" not in answer.out + answer.err


def test_the_filters_are_kfps(cluster: Cluster) -> None:
    """The server above heeds them; this one shows everything, and nothing else may be taken for the pipeline."""
    cluster.submit()
    cluster.backend._named = lambda _call, things: list(things.values())  # type: ignore[method-assign]
    other = {"display_name": "taxi-too", "pipeline_id": "x", "created_at": "2026-11-22T03:00:00Z"}
    cluster.backend.pipelines = {"x": other, **cluster.backend.pipelines}
    assert cluster.submit().code == ExitCode.OK
    assert len({json.dumps(each["pipeline_version_reference"]) for each in cluster.backend.runs.values()}) == 1


def test_a_compiled_file_of_a_cluster_with_gpus(cluster: Cluster, tmp_path: pathlib.Path) -> None:
    """The one that is reviewed beside the compiler, with a config where it has a word for one."""
    golden = (pathlib.Path(__file__).parents[1] / "kubeflow/golden/gpu.yaml").read_text()
    file = tmp_path / "gpu.yaml"
    file.write_text(golden.replace("<the config>", embedded.embed(load("taxi"), {})))
    package = read(str(file), ["gpu"])
    assert {task: package.tasks[task] for task in ("start", "trainer")} == {"start": "start", "trainer": "Trainer"}
    assert cluster.submit(file=file).code == ExitCode.OK
    assert only(cluster.backend.files) == file.read_bytes()
