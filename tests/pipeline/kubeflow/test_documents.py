"""The two documents: as reviewed, as the published protos have them, and as kfp reads them."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest
import yaml
from google.protobuf import json_format
from kfp import components
from kfp.client import client

import pipeline.config as c
from pipeline.config import embedded
from pipeline.kubeflow.compiler import compile_nodes
from tests.pipeline.kubeflow import backend_rules, gpu_config, published

GOLDEN = pathlib.Path(__file__).parent / "golden" / "gpu.yaml"


@pytest.fixture(scope="module")
def text() -> str:
    return compile_nodes(gpu_config.config(), gpu_config.NODES).text


def test_it_is_what_was_reviewed() -> None:
    assert gpu_config.text() == GOLDEN.read_text()


def test_the_published_protos_know_every_field(text: str) -> None:
    published.check(text)


@pytest.mark.parametrize(
    ("there", "typo"),
    [("maxRetryCount", "maxRetries"), ("memoryLimit", "memoryLimt"), ("emptyDirMounts", "emptyDirMount")],
)
def test_that_parse_is_strict(text: str, there: str, typo: str) -> None:
    assert f"{there}:" in text
    with pytest.raises(json_format.ParseError, match=typo):
        published.check(text.replace(f"{there}:", f"{typo}:"))


def test_the_backend_has_nothing_against_it(text: str) -> None:
    assert backend_rules.problems(text) == []


def test_the_sdk_loads_it(text: str) -> None:
    loaded = components.load_component_from_text(text)
    assert loaded.name == "taxi-gpu"
    assert set(loaded.pipeline_spec.root.dag.tasks) >= {"start", "example-gen", "trainer"}
    inputs = loaded.component_spec.inputs
    assert {name: (spec.type, spec.default) for name, spec in inputs.items() if name != "evaluator_thresholds"} == {
        "data_span": ("String", ""),
        "pipeline_root": ("String", "/mnt/millrace/taxi"),
        "run_id": ("String", ""),
        "trainer_epochs": ("Integer", 5),
        "trainer_learning_rate": ("Float", 0.001),
    }
    executors = json_format.MessageToDict(loaded.platform_spec)["platforms"]["kubernetes"]["deploymentSpec"][
        "executors"
    ]
    assert executors["exec-trainer"]["nodeSelector"] == {"labels": {c.GKE_ACCELERATOR: "nvidia-l4"}}


def test_the_client_reads_it(text: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "taxi-gpu.yaml"
    path.write_text(text)
    read = client._extract_pipeline_yaml(str(path)).to_dict()
    first, second = yaml.safe_load_all(text)
    assert read["pipeline_spec"]["root"]["dag"].keys() == first["root"]["dag"].keys()
    assert read["platform_spec"] == second


def test_the_same_bytes_in_every_process() -> None:
    outputs = [_in_process(seed) for seed in ("0", "1")]
    assert outputs[0] == outputs[1] == GOLDEN.read_text()


def _in_process(seed: str) -> str:
    command = [sys.executable, "-m", "tests.pipeline.kubeflow.gpu_config"]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_the_first_step_gets_the_config_and_the_graph(text: str) -> None:
    executors = next(yaml.safe_load_all(text))["deploymentSpec"]["executors"]
    words = executors["exec-start"]["container"]["args"]
    found = embedded.read(words[words.index("--config") + 1], "/project")
    assert found.config == gpu_config.config(project="/project")
    assert found.upstream["Trainer"] == ("Transform", "Tuner")
    assert "--config" not in executors["exec-trainer"]["container"]["args"]


@pytest.mark.parametrize("value", ["1e3", "0o17", "2024-01-01", "yes", "null", "1:30", ".5", "-1", "", "ä: #"])
def test_text_stays_text_whoever_reads_it(value: str) -> None:
    """Go reads YAML 1.2, where a plain 1e3 is a number, which PyYAML does not know: such text must be quoted."""
    nodes = c.NodePool(name="odd", labels={"key": "value"}, expressions=(c.Expression(key="key", values=(value,)),))
    cluster = gpu_config.CLUSTER.model_copy(update={"pools": (nodes,)})
    made = compile_nodes(gpu_config.config(kubeflow=cluster, resources={}), gpu_config.NODES[:1]).text
    lines = made.split("values:\n")[1].splitlines()
    assert lines[0].strip() == f"- '{value}'"


def test_a_step_without_retries_has_no_policy() -> None:
    cluster = gpu_config.CLUSTER.model_copy(update={"retries": c.Retries(count=0)})
    made = compile_nodes(gpu_config.config(kubeflow=cluster), gpu_config.NODES).text
    tasks = next(yaml.safe_load_all(made))["root"]["dag"]["tasks"]
    assert [name for name, task in tasks.items() if "retryPolicy" in task] == ["trainer", "tuner"]


@pytest.mark.parametrize(
    ("retries", "factor"),
    [(c.Retries(count=5, seconds=20, most_seconds=320), 2), (c.Retries(count=6, seconds=20, most_seconds=320), 1)],
)
def test_waits_are_doubled_only_within_the_bound(retries: c.Retries, factor: int) -> None:
    cluster = gpu_config.CLUSTER.model_copy(update={"retries": retries})
    made = compile_nodes(gpu_config.config(kubeflow=cluster), gpu_config.NODES).text
    policy = next(yaml.safe_load_all(made))["root"]["dag"]["tasks"]["transform"]["retryPolicy"]
    assert policy == {"backoffDuration": "20s", "backoffFactor": factor, "maxRetryCount": retries.count}


def test_empty_lists_are_left_out() -> None:
    made = compile_nodes(gpu_config.config(kubeflow=c.Kubeflow(password=None), resources={}), gpu_config.NODES).text
    first, second = yaml.safe_load_all(made)
    executors = second["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert {field for executor in executors.values() for field in executor} == {"imagePullPolicy", "pvcMount"}
    assert not any("resources" in each["container"] for each in first["deploymentSpec"]["executors"].values())
