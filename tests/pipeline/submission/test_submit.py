"""Submitting, from the command line to a KFP and back: uploads, runs, schedules."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import pathlib
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from components.errors import ExitCode
from pipeline.config import embedded
from pipeline.config.load import load
from pipeline.submission.package import read
from tests.pipeline.submission import compiled
from tests.pipeline.submission.conftest import Cluster
from tests.pipeline.submission.kfp_server import Call


def _only(things: dict[str, dict]) -> dict:
    (thing,) = things.values()
    return thing


def test_a_run_is_made_of_an_uploaded_file(cluster: Cluster) -> None:
    answer = cluster.submit("--param", "trainer_epochs=5", "--param", 'drift_splits=["eval"]', "--experiment", "x")
    assert answer.code == ExitCode.OK, answer
    run, version = _only(cluster.backend.runs), _only(cluster.backend.versions)
    assert cluster.backend.files[version["pipeline_version_id"]] == cluster.file.read_bytes()
    assert run["pipeline_version_reference"]["pipeline_version_id"] == version["pipeline_version_id"]
    assert run["runtime_config"]["parameters"] == {"trainer_epochs": 5, "drift_splits": ["eval"]}
    assert _only(cluster.backend.experiments)["display_name"] == "x"
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
    assert _only(cluster.backend.experiments)["display_name"] == "taxi"


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
        _only(cluster.backend.runs)["pipeline_version_reference"]["pipeline_version_id"]
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
    ("content", "message"),
    [
        (b"a: [", "cannot be read as YAML: while parsing"),
        (b"\x1f\x8b\x00\xff", "cannot be read as YAML: "),
        (b"a: 2026-99-99", "cannot be read as YAML: month must be in 1..12"),
        (b"a: !!timestamp x", "cannot be read as YAML: "),
        (b"[" * 3000, "cannot be read as YAML: "),
        (b"", "Received: 0 and 0"),
        (b"- 1", "a document that begins with '[1]'"),
        (b'{"platforms": {}}', "Received: 0 and 1"),
        (b"pipelineInfo: {name: taxi}", "deploymentSpec is missing"),
        (b"pipelineInfo: 1", "pipelineInfo: "),
    ],
)
def test_a_file_of_another_kind_is_refused(
    cluster: Cluster, tmp_path: pathlib.Path, content: bytes, message: str
) -> None:
    file = tmp_path / "other.yaml"
    file.write_bytes(content)
    answer = cluster.submit(file=file)
    assert (answer.code, cluster.backend.calls) == (ExitCode.INPUT, [])
    assert answer.err.startswith(f"millrace: {file}: ")
    assert message in answer.err


def test_no_file_or_a_folder_is_refused(cluster: Cluster, tmp_path: pathlib.Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    for name, why in (("none.yaml", "No such file or directory"), ("folder.yaml", "Is a directory")):
        answer = cluster.submit(file=tmp_path / name)
        assert (answer.code, cluster.backend.calls) == (ExitCode.INPUT, [])
        assert why in answer.err


Spec = dict[str, Any]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda spec: spec["deploymentSpec"].update(executors={}),
            "executor 'exec-example-gen' does not exist. There are: none",
        ),
        (lambda spec: spec["components"].pop("comp-trainer"), "task trainer: component 'comp-trainer' does not exist"),
        (lambda spec: _task(spec).update(dependentTasks=["starts"]), "'starts' does not exist. Did you mean start?"),
        (lambda spec: _task(spec).update(dependentTasks=["trainer"]), "tasks wait for each other"),
        (lambda spec: spec.update(schemaVersion="2.0.0"), "schemaVersion: Input should be '2.1.0'"),
        (lambda spec: _first(spec).update(args=["node", "x"]), "no task holds a config as `millrace compile` writes"),
        (lambda spec: _first(spec).update(args=["start", "--config"]), "no task holds a config"),
        (lambda spec: _first(spec).update(args=["start", "--config", "word"]), "no task holds a config"),
    ],
)
def test_what_leads_nowhere_in_a_file_is_refused(
    cluster: Cluster, tmp_path: pathlib.Path, change: Callable[[Spec], object], message: str
) -> None:
    answer = cluster.submit(file=_changed(cluster.file, tmp_path / "changed.yaml", change))
    assert (answer.code, cluster.backend.calls) == (ExitCode.INPUT, [])
    assert message in answer.err


def test_what_was_added_to_a_file_for_the_cluster_is_submitted(cluster: Cluster, tmp_path: pathlib.Path) -> None:
    """The rehearsal, which does not know what it means, refuses it."""
    file = _changed(cluster.file, tmp_path / "changed.yaml", lambda spec: _task(spec).update(triggerPolicy={}))
    assert cluster.submit(file=file).code == ExitCode.OK
    assert _only(cluster.backend.files) == file.read_bytes()


def _task(spec: Spec) -> Spec:
    found: Spec = spec["root"]["dag"]["tasks"]["trainer"]
    return found


def _first(spec: Spec) -> Spec:
    found: Spec = spec["deploymentSpec"]["executors"]["exec-start"]["container"]
    return found


def _changed(file: pathlib.Path, to: pathlib.Path, change: Callable[[Spec], object]) -> pathlib.Path:
    spec, platform = yaml.safe_load_all(file.read_text())
    change(spec)
    to.write_text(yaml.safe_dump_all([spec, platform]))
    return to


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


def test_a_file_of_another_version_is_submitted_as_it_is(cluster: Cluster, tmp_path: pathlib.Path) -> None:
    """Whether the image has that version is another question."""
    word = embedded.embed(load("taxi"), {})
    content = embedded.unpacked(word)
    content["config"]["flux"] = 3
    content["versions"]["millrace"] = "9.9"
    other = base64.b64encode(gzip.compress(json.dumps(content).encode())).decode()
    file = tmp_path / "other.yaml"
    file.write_text(re.sub(r"(?<=- --config\n        - )\S+", other, cluster.file.read_text()))
    package = read(str(file), [])
    assert (package.versions["millrace"], package.resumes) == ("9.9", 3)
    assert cluster.submit(file=file).code == ExitCode.OK


def test_a_config_and_a_file_do_not_go_together(cluster: Cluster) -> None:
    answer = cluster.submit("taxi")
    assert (answer.code, cluster.backend.calls) == (ExitCode.INPUT, [])
    assert f"taxi and --file {cluster.file}: one of both is what runs" in answer.err


def test_a_schedule_takes_the_place_of_the_one_before(cluster: Cluster) -> None:
    first = cluster.submit("--cron", "0 6 * * *", "--param", "trainer_epochs=2")
    same = cluster.submit("--cron", "0 6 * * *", "--param", "trainer_epochs=2")
    made = _only(cluster.backend.recurring)
    assert made["trigger"] == {"cron_schedule": {"cron": "0 0 6 * * *"}}  # with crontab's five fields KFP means others
    assert (made["max_concurrency"], made["no_catchup"], made["status"]) == ("1", True, "ENABLED")
    assert made["runtime_config"]["parameters"] == {"trainer_epochs": 2}
    assert "runs at '0 0 6 * * *'" in first.out
    assert "runs already at" in same.out
    later = cluster.submit("--cron", "30 0 7 * * 1-5", "--param", "trainer_epochs=2")
    old, new = cluster.backend.recurring.values()
    assert (old["status"], new["status"]) == ("DISABLED", "ENABLED")
    assert f"recurring run {old['recurring_run_id']} of the same name is switched off" in later.out
    assert later.out.splitlines()[-1].endswith(f"{cluster.host}/#/recurringrun/details/{new['recurring_run_id']}")
    assert not cluster.backend.runs
    elsewhere = cluster.submit("--cron", "@daily", "--experiment", "other")
    assert elsewhere.code == ExitCode.OK
    assert [each["status"] for each in cluster.backend.recurring.values()] == ["DISABLED", "ENABLED", "ENABLED"]
    back = cluster.submit("--cron", "0 6 * * *", "--param", "trainer_epochs=2")
    assert "runs at '0 0 6 * * *'" in back.out  # the one that was switched off does not count
    assert [each["status"] for each in cluster.backend.recurring.values()] == [*["DISABLED"] * 2, *["ENABLED"] * 2]


@pytest.mark.parametrize(
    ("refused", "message", "left"),
    [
        ("POST /apis/v2beta1/recurringruns", "answered 500 Internal Server Error", ["ENABLED"]),
        (":disable", "is made, but not switched on", ["ENABLED", "DISABLED"]),
        (":enable", "is made, but not switched on", ["DISABLED", "DISABLED"]),
    ],
)
def test_what_was_scheduled_goes_on_where_kfp_refuses_what_is_to_take_its_place(
    cluster: Cluster, refused: str, message: str, left: list[str]
) -> None:
    cluster.submit("--cron", "0 6 * * *")
    cluster.backend.fault = lambda method, path: (500, {}, b"{}") if f"{method} {path}".endswith(refused) else None
    answer = cluster.submit("--cron", "0 7 * * *")
    assert answer.code == ExitCode.INPUT
    assert message in answer.err
    assert [each["status"] for each in cluster.backend.recurring.values()] == left
    cluster.backend.fault = None
    assert cluster.submit("--cron", "0 7 * * *").code == ExitCode.OK
    assert [each["status"] for each in cluster.backend.recurring.values()].count("ENABLED") == 1


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
    assert _only(cluster.backend.files) == file.read_bytes()
