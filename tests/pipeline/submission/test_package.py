"""`millrace submit --file`: what is taken for a compiled file."""

from __future__ import annotations

import base64
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
from tests.pipeline.submission.conftest import Cluster, only

Spec = dict[str, Any]


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
    assert only(cluster.backend.files) == file.read_bytes()


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
