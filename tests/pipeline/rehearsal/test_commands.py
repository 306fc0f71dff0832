"""What of a command the launcher replaces, and what it leaves."""

from __future__ import annotations

import json
import pathlib

import pytest

from components.errors import InputError
from pipeline.rehearsal.commands import command, executor_input
from pipeline.rehearsal.reading import Step, read_file
from pipeline.rehearsal.runtime import Place
from tests.pipeline.rehearsal.documents import documents, task, write

PLACE = Place(
    folder="/here",
    uri_root="minio://mlpipeline/v2/artifacts/j/One/u",
    bucket="minio://mlpipeline/v2/artifacts/j",
    output_file="/tmp/kfp_outputs/output_metadata.json",
    paths=(("minio://", "/minio/"),),
    mounts=(("/minio", "/here/minio"),),
)


def step(folder: pathlib.Path, *words: str) -> Step:
    tasks = {"one": task(*words, artifacts={"page": "system.HTML"})}
    return read_file(write(folder, *documents(tasks))).steps["one"]


def test_everything_is_replaced(tmp_path: pathlib.Path) -> None:
    one = step(
        tmp_path,
        "sh",
        "--set",
        "trainer.epochs={{$.inputs.parameters['epochs']}}!",
        "{{$.inputs.parameters['list']}}",
        "{{$.outputs.artifacts['page'].uri}} {{$.outputs.artifacts['page'].path}}",
        "{{$}}",
    )
    given = executor_input(one, {"epochs": 5.0, "list": [1.5, "a"]}, PLACE)
    *words, whole = command(one, given, PLACE)
    uri = "minio://mlpipeline/v2/artifacts/j/One/u/page"
    logs = "minio://mlpipeline/v2/artifacts/j/One/u/executor-logs"
    assert words == ["sh", "--set", "trainer.epochs=5!", '[1.5,"a"]', f"{uri} /minio/{uri.removeprefix('minio://')}"]
    assert json.loads(whole) == {
        "inputs": {"parameterValues": {"epochs": 5, "list": [1.5, "a"]}},
        "outputs": {
            "outputFile": "/tmp/kfp_outputs/output_metadata.json",
            "artifacts": {
                "page": {"artifacts": [{"uri": uri, "type": {"schemaTitle": "system.HTML", "schemaVersion": "0.0.1"}}]},
                "executor-logs": {"artifacts": [{"uri": logs, "type": {"schemaTitle": "system.Artifact"}}]},
            },
        },
    }


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("{{$.pipeline_job_uuid}}", "does not replace {{\\$.pipeline_job_uuid}} in commands"),
        ('{{$.inputs.parameters["epochs"]}}', "does not replace"),
        ("{{$.inputs.parameters['epoch']}}", "It replaces: .*epochs"),
        ("$(HOME)", "does not understand"),
        ("cost $$", "does not understand"),
    ],
)
def test_what_would_reach_the_program_as_it_is(tmp_path: pathlib.Path, word: str, said: str) -> None:
    one = step(tmp_path, "sh", word)
    with pytest.raises(InputError, match=said):
        command(one, executor_input(one, {"epochs": 5}, PLACE), PLACE)


def test_a_path_of_a_container_is_found_here() -> None:
    assert PLACE.here("/minio/a/b") == "/here/minio/a/b"
    assert PLACE.here("/else/a") == "/else/a"
    assert PLACE.path_of("gs://bucket/a") == ""
