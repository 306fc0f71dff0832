"""A file that cannot be executed as it stands is refused before anything starts."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from components.errors import InputError
from pipeline.rehearsal.reading import read_file
from tests.pipeline.rehearsal.documents import documents, task, write

TASKS = {"one": task("true"), "two": task("sh", "-c", "true", after=["one"])}


def container(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["deploymentSpec"]["executors"]["exec-one"]["container"]
    return found


def test_steps_come_after_what_they_depend_on(tmp_path: pathlib.Path) -> None:
    tasks = {"b": task("true", after=["a"]), "c": task("false", after=["b", "a"]), "a": task("sh")}
    assert list(read_file(write(tmp_path, *documents(tasks))).steps) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one, two: container(one).update(lifecycle={}), "does not understand .*exec-one.container.lifecycle"),
        (lambda one, two: one["root"]["dag"].update(outputs={}), "does not understand root.dag.outputs"),
        (lambda one, two: one["components"]["comp-one"].update(dag={}), "does not understand components.comp-one.dag"),
        (lambda one, two: one["root"]["dag"]["tasks"]["one"].update(triggerPolicy={}), "understand .*triggerPolicy"),
        (
            lambda one, two: one["root"]["dag"]["tasks"]["one"].update(cachingOptions={"enableCache": True}),
            "cachingOptions.enableCache: Input should be False",
        ),
        (lambda one, two: one.update(schemaVersion="2.0.0"), "schemaVersion: Input should be '2.1.0'"),
        (lambda one, two: container(one).update(env=[{"name": "A", "value": 5}]), "valid string. Received: 5"),
        (lambda one, two: one["pipelineInfo"].pop("name"), "pipelineInfo.name is missing"),
        (
            lambda one, two: one["root"]["dag"]["tasks"]["one"].update(retryPolicy={"backoffDuration": "10"}),
            "a duration is written like '10s'. Received: '10'",
        ),
        (
            lambda one, two: one["root"]["dag"]["tasks"]["two"].update(componentRef={"name": "comp-tow"}),
            "task two: component 'comp-tow' does not exist. Did you mean comp-two",
        ),
        (
            lambda one, two: one["root"]["dag"]["tasks"]["two"].update(dependentTasks=["on"]),
            "task two depends on a task: 'on' does not exist. Did you mean one",
        ),
        (lambda one, two: one["root"]["dag"]["tasks"]["one"].update(dependentTasks=["two"]), "wait for each other"),
        (
            lambda one, two: one["components"]["comp-two"].update(executorLabel="exec-2"),
            "task two: executor 'exec-2' does not exist",
        ),
        (
            lambda one, two: two["platforms"]["kubernetes"]["deploymentSpec"]["executors"].update({"exec-three": {}}),
            "platforms: executor 'exec-three' does not exist",
        ),
        (
            lambda one, two: two["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-one"].update(
                enabledSharedMemory={"size": "2Gi"}
            ),
            "does not understand platforms.kubernetes.deploymentSpec.executors.exec-one.enabledSharedMemory",
        ),
        (lambda one, two: two.update(more={}), "does not understand more"),
    ],
)
def test_what_is_not_interpreted_is_refused(
    tmp_path: pathlib.Path, change: Callable[[dict[str, Any], dict[str, Any]], object], said: str
) -> None:
    first, second = documents(TASKS)
    change(first, second)
    with pytest.raises(InputError, match=said):
        read_file(write(tmp_path, first, second))


def test_names_are_labels(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="task Trainer: Kubernetes takes lower-case letters"):
        read_file(write(tmp_path, *documents({"Trainer": task("true")})))


def test_the_backend_keeps_one_component_for_equal_containers(tmp_path: pathlib.Path) -> None:
    tasks = {"one": task("true"), "two": task("true", artifacts={"page": "system.HTML"})}
    with pytest.raises(InputError, match="tasks one and two have the same container but other inputs or outputs"):
        read_file(write(tmp_path, *documents(tasks)))


def test_a_document_of_another_kind_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="a document that begins with .{'kind': 'Pod'}.* has neither"):
        read_file(write(tmp_path, documents(TASKS)[0], {"kind": "Pod"}))
    with pytest.raises(InputError, match="one document with pipelineInfo .* Received: 0 and 1"):
        read_file(write(tmp_path, documents(TASKS)[1]))
    (tmp_path / "no.yaml").write_text("a: [")
    with pytest.raises(InputError, match="cannot be read as YAML"):
        read_file(str(tmp_path / "no.yaml"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: [1\n", r"cannot be read as YAML: while parsing a flow sequence in .* but got '<stream end>'"),
        (b"\xff\xfe\x00", "cannot be read as YAML: 'utf-8' codec can't decode byte 0xff"),
        (b"", "as `millrace compile` writes them. Received: 0 and 0"),
        (b"- 1\n", r"a document that begins with '\[1\]' has neither pipelineInfo"),
    ],
    ids=["no YAML", "no text", "empty", "a list"],
)
def test_a_file_of_another_kind_is_told_in_one_line(tmp_path: pathlib.Path, content: bytes, said: str) -> None:
    (tmp_path / "other.yaml").write_bytes(content)
    with pytest.raises(InputError, match=rf"^{tmp_path}/other\.yaml: .*{said}") as refused:
        read_file(str(tmp_path / "other.yaml"))
    assert "\n" not in str(refused.value)
