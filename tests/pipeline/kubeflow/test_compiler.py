"""The shipped configs, compiled from their real graphs."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from tfx.proto.orchestration import pipeline_pb2

from pipeline.config import Config, embedded
from pipeline.config.load import PROJECT, load
from pipeline.graph import create_pipeline
from pipeline.kubeflow.compiler import compile_config
from pipeline.kubeflow.names import task_names
from pipeline.runners import ir as irs
from tests.pipeline.kubeflow import backend_rules, published


@pytest.fixture(scope="module", params=["taxi", "digits"])
def config(request: pytest.FixtureRequest) -> Config:
    return load(request.param)


@pytest.fixture(scope="module")
def ir(config: Config) -> pipeline_pb2.Pipeline:
    return irs.compiled(create_pipeline(config))


@pytest.fixture(scope="module")
def text(config: Config) -> str:
    return compile_config(config).text


@pytest.fixture(scope="module")
def spec(text: str) -> dict[str, Any]:
    found: dict[str, Any] = next(yaml.load_all(text, yaml.CSafeLoader))
    return found


def test_the_protos_and_the_backend_have_nothing_against_it(text: str) -> None:
    published.check(text)
    assert backend_rules.problems(text) == []


def test_every_node_is_a_task_that_waits_for_what_the_ir_says(spec: dict[str, Any], ir: pipeline_pb2.Pipeline) -> None:
    names = task_names(irs.node_ids(ir))
    waits = {name: set(task.get("dependentTasks", ())) for name, task in spec["root"]["dag"]["tasks"].items()}
    expected = {names[node]: {names[each] for each in above} or {"start"} for node, above in irs.upstream(ir).items()}
    assert waits == {**expected, "start": set()}
    assert {"baseline", "span-window", "earlier-spans"} <= waits.keys()  # resolvers, which TFX's own compiler drops


def test_every_output_is_declared_by_its_key(spec: dict[str, Any]) -> None:
    def outputs(task: str) -> dict[str, str]:
        artifacts = spec["components"][f"comp-{task}"].get("outputDefinitions", {}).get("artifacts", {})
        return {key: artifact["artifactType"]["schemaTitle"] for key, artifact in artifacts.items()}

    assert outputs("trainer") == {"model": "system.Model", "model_run": "system.Artifact"}
    assert outputs("transform") == {"transform_graph": "system.Artifact", "transformed_examples": "system.Dataset"}
    assert outputs("baseline") == {}
    assert outputs("evaluation-report") == {
        "metrics": "system.Metrics",
        "page": "system.HTML",
        "report": "system.Artifact",
    }


def test_the_config_and_the_graph_come_back_where_the_project_is(
    spec: dict[str, Any], config: Config, ir: pipeline_pb2.Pipeline
) -> None:
    words = spec["deploymentSpec"]["executors"]["exec-start"]["container"]["args"]
    found = embedded.read(words[words.index("--config") + 1], PROJECT)
    assert found.config == config
    assert {node: set(above) for node, above in found.upstream.items()} == irs.upstream(ir)


def test_nothing_in_it_is_of_this_machine(text: str) -> None:
    assert PROJECT not in text


def test_it_is_the_same_again(text: str, config: Config) -> None:
    assert compile_config(config).text == text
