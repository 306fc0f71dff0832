"""A compiled file, written by hand: two tasks after the first."""

from __future__ import annotations

import pathlib
from typing import Any

import yaml

from pipeline.config import embedded
from pipeline.config.load import load, override

TASKS = {"start": "start", "example-gen": "ExampleGen", "trainer": "Trainer"}
PARAMETERS: dict[str, dict[str, Any]] = {
    "pipeline_root": {"parameterType": "STRING", "defaultValue": "/mnt/millrace"},
    "run_id": {"parameterType": "STRING", "defaultValue": ""},
    "trainer_epochs": {"parameterType": "NUMBER_INTEGER", "defaultValue": 3},
    "trainer_learning_rate": {"parameterType": "NUMBER_DOUBLE", "defaultValue": 0.1},
    "cache": {"parameterType": "BOOLEAN", "defaultValue": True},
    "drift_splits": {"parameterType": "LIST", "defaultValue": []},
    "beam": {"parameterType": "STRUCT", "defaultValue": {}},
    "data_span": {"parameterType": "STRING", "defaultValue": "", "isOptional": True},
}


def write(
    folder: pathlib.Path, *settings: str, parameters: dict[str, dict[str, Any]] | None = None, image: str = "millrace:0"
) -> pathlib.Path:
    """The file, with taxi's config and these settings in it."""
    word = embedded.embed(override(load("taxi"), settings), {"ExampleGen": (), "Trainer": ("ExampleGen",)})
    path = folder / "taxi.yaml"
    documents = [_pipeline(word, PARAMETERS if parameters is None else parameters, image), _platform()]
    path.write_text(yaml.safe_dump_all(documents))
    return path


def _pipeline(word: str, parameters: dict[str, dict[str, Any]], image: str) -> dict[str, Any]:
    command = ["millrace", "task"]
    arguments = {name: ["node", node] for name, node in TASKS.items()} | {"start": ["start", "--config", word]}
    return {
        "pipelineInfo": {"name": "taxi"},
        "schemaVersion": "2.1.0",
        "sdkVersion": "millrace",
        "components": {f"comp-{name}": {"executorLabel": f"exec-{name}"} for name in TASKS},
        "deploymentSpec": {
            "executors": {
                f"exec-{name}": {"container": {"image": image, "command": command, "args": arguments[name]}}
                for name in TASKS
            }
        },
        "root": {
            "inputDefinitions": {"parameters": parameters},
            "dag": {
                "tasks": {
                    name: {"taskInfo": {"name": name}, "componentRef": {"name": f"comp-{name}"}} for name in TASKS
                }
            },
        },
    }


def _platform() -> dict[str, Any]:
    executors = {f"exec-{name}": {"imagePullPolicy": "IfNotPresent"} for name in TASKS}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}
