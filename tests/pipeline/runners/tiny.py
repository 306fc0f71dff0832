"""A pipeline of function components that takes milliseconds: both pipeline.graph and pipeline.dependencies."""

import json
import os
import pathlib
import signal
import subprocess
import time

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.orchestration.pipeline import Pipeline
from tfx.types.standard_artifacts import Examples, Model, ModelBlessing, PushedModel

from components import progress
from components.errors import GateError, UnavailableError
from pipeline import references
from pipeline.config import Config


def node_of_earlier_spans(config: Config) -> str:
    del config
    return "Ingest"


def act(project: str, node: str) -> None:
    """Do what project/actions.json says for this node; what happens is none of its settings."""
    path = os.path.join(project, "actions.json")
    actions = json.loads(pathlib.Path(path).read_text()) if os.path.exists(path) else {}
    action = actions.get(node, "")
    print(f"{node} acts: {action or 'nothing'}", flush=True)
    if action.startswith("meet"):
        _meet(project, node)
        action = action.removeprefix("meet ")
    if action == "gate":
        raise GateError("3 anomalies")
    if action == "away":
        raise UnavailableError("nobody answers")
    if action == "crash":
        raise ValueError("no such column\nsecond line")
    if action == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "full":
        with open("/dev/full", "w") as full:
            full.write("x")
            full.flush()
    if action == "sleep":
        child = subprocess.Popen(["sleep", "1000"])
        with open(os.path.join(project, f"asleep-{node}"), "w") as file:
            file.write(f"{os.getpid()} {child.pid}")
        time.sleep(1000)


def _meet(project: str, node: str) -> None:
    """Wait for another node that does so, which only comes when both run at once."""
    pathlib.Path(project, f"met-{node}").touch()
    deadline = time.monotonic() + 60
    while len(list(pathlib.Path(project).glob("met-*"))) < 2:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{node} is alone")
        time.sleep(0.01)


@component
def Ingest(examples: OutputArtifact[Examples], path: Parameter[str], project: Parameter[str]):
    with open(os.path.join(examples.uri, "rows"), "w") as file:
        file.write(pathlib.Path(path).read_text())
    act(project, "Ingest")
    examples.set_int_custom_property("span", 7)


@component
def Count(examples: InputArtifact[Examples], blessing: OutputArtifact[ModelBlessing], project: Parameter[str]):
    act(project, "Count")
    pathlib.Path(blessing.uri, "COUNTED").touch()
    blessing.set_int_custom_property("blessed", 0 if os.path.exists(os.path.join(project, "bad")) else 1)


@component
def Train(
    examples: InputArtifact[Examples], model: OutputArtifact[Model], epochs: Parameter[int], project: Parameter[str]
):
    with open(os.path.join(model.uri, "part"), "w") as file:
        file.write("half")
    progress.report(epoch=1, epochs=epochs)
    act(project, "Train")
    scale = references.load(os.path.join(project, "helper.py:scale"))
    with open(os.path.join(model.uri, "weights"), "w") as file:
        file.write(str(scale(epochs)))
    print("gpus:", os.environ.get("CUDA_VISIBLE_DEVICES", "all"))


@component
def Push(
    model: InputArtifact[Model],
    blessing: InputArtifact[ModelBlessing],
    pushed: OutputArtifact[PushedModel],
    project: Parameter[str],
):
    act(project, "Push")
    pushed.set_string_custom_property("pushed_destination", pushed.uri)
    print("gpus:", os.environ.get("CUDA_VISIBLE_DEVICES", "all"))


def create_pipeline(config: Config) -> Pipeline:
    project = config.project
    path = config.resolve(config.data.path).replace("{SPAN}", str(config.data.span or 3))
    ingest = Ingest(path=path, project=project)
    count = Count(examples=ingest.outputs["examples"], project=project)
    train = Train(examples=ingest.outputs["examples"], epochs=config.trainer.epochs, project=project)
    push = Push(model=train.outputs["model"], blessing=count.outputs["blessing"], project=project)
    train = train.with_id("Trainer")
    return Pipeline(pipeline_name=config.name, components=[ingest, count, train, push], enable_cache=config.cache)


def user_code(config: Config) -> dict[str, tuple[str, ...]]:
    return {"Trainer": (os.path.join(config.project, "helper.py:scale"),)}


def data_files(config: Config) -> dict[str, tuple[str, ...]]:
    return {"Ingest": (config.resolve(config.data.path),)}


def trained(config: Config) -> tuple[Config, ...]:
    return (config,)
