"""The Pusher as a node with a cache: driver, executor and store, launched from the IR."""

import os
import shutil

import pytest
from ml_metadata import MetadataStore
from ml_metadata.proto.metadata_store_pb2 import Execution
from tfx.dsl.components.common.importer import Importer
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline
from tfx.types.standard_artifacts import Model, ModelBlessing

from components.pusher import versions
from components.pusher.component import Pusher
from tests import tiny_model


class Project:
    """A store, a serving directory, and models as the Trainer leaves them."""

    def __init__(self, folder: str, models: str) -> None:
        self.folder = folder
        self.models = models
        self.serving = os.path.join(folder, "serving")

    def push(self, name: str) -> tuple[str, str]:
        """One run that pushes a model: the state of the Pusher's execution, and the version it speaks of."""
        model = Importer(source_uri=os.path.join(self.models, name), artifact_type=Model).with_id("Model")
        blessing = Importer(
            source_uri=self.folder, artifact_type=ModelBlessing, custom_properties={"blessed": 1}
        ).with_id("Blessing")
        pusher = Pusher(model.outputs["result"], blessing.outputs["result"], self.serving)
        connection = metadata.sqlite_metadata_connection_config(os.path.join(self.folder, "metadata.sqlite"))
        nodes = [model, blessing, pusher]
        root = os.path.join(self.folder, "artifacts")
        LocalDagRunner().run(
            Pipeline("p", root, components=nodes, enable_cache=True, metadata_connection_config=connection)
        )
        store = MetadataStore(connection)
        latest = max(store.get_executions_by_type("components.pusher.component.Pusher"), key=lambda found: found.id)
        [event] = [e for e in store.get_events_by_execution_ids([latest.id]) if e.path.steps[0].key == "pushed_model"]
        [pushed] = store.get_artifacts_by_id([event.artifact_id])
        state = {Execution.COMPLETE: "complete", Execution.CACHED: "cached"}[latest.last_known_state]
        return state, pushed.custom_properties["pushed_version"].string_value


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> str:
    folder = str(tmp_path_factory.mktemp("models"))
    for name, bias in (("first", 0.0), ("second", 1.0)):
        tiny_model.save(os.path.join(folder, name, "Format-Serving"), bias=bias)
    return folder


@pytest.fixture
def project(tmp_path, models) -> Project:
    return Project(str(tmp_path), models)


def test_a_push_that_stands_comes_out_of_the_cache(project):
    assert project.push("first") == ("complete", "1")
    assert project.push("first") == ("cached", "1")
    assert versions.versions(project.serving) == (1,)


def test_a_version_that_was_removed_by_hand_is_pushed_again(project):
    project.push("first")
    project.push("second")
    shutil.rmtree(os.path.join(project.serving, "2"))
    assert project.push("second") == ("complete", "3")
    assert project.push("second") == ("cached", "3")
    assert versions.versions(project.serving) == (1, 3)


def test_a_model_that_another_has_followed_is_pushed_again(project):
    project.push("first")
    project.push("second")
    assert project.push("first") == ("complete", "3")
    assert project.push("first") == ("cached", "3")
    assert project.push("second") == ("complete", "4")


def test_an_old_version_that_is_removed_changes_nothing(project):
    project.push("first")
    project.push("second")
    shutil.rmtree(os.path.join(project.serving, "1"))
    assert project.push("second") == ("cached", "2")


def test_a_rollback_is_not_undone(project):
    project.push("first")
    project.push("second")
    versions.rollback(project.serving)
    assert project.push("second") == ("cached", "2")
    assert project.push("first") == ("cached", "1")
    assert versions.versions(project.serving) == (1,)
