import datetime
import os
import pathlib

import ml_metadata
import pytest
from ml_metadata.proto import metadata_store_pb2

from components.errors import InputError
from pipeline.connection import connection
from pipeline.layout import Layout
from pipeline.runners import lock
from pipeline.runners.pruning import prune
from pipeline.runs import JOB, Home, NodeRecord, RunRecord, list_runs, save

NOW = datetime.datetime.now(datetime.timezone.utc)
ANY_AGE = datetime.timedelta(0)


class Root:
    """A root with runs of one node that reads examples and makes a model, in the store and on the disk."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = str(path)
        self.layout = Layout(self.path)
        self.store = ml_metadata.MetadataStore(connection(self.path))
        self.types = {
            name: self.store.put_artifact_type(metadata_store_pb2.ArtifactType(name=name))
            for name in ("Examples", "Model", "ModelBlessing", "PushedModel")
        }
        self.execution_type = self.store.put_execution_type(metadata_store_pb2.ExecutionType(name="Node"))

    def artifact(self, kind: str, number: int, **properties: int) -> metadata_store_pb2.Artifact:
        uri = os.path.join(self.layout.artifacts, "Node", kind, str(number))
        os.makedirs(uri)
        pathlib.Path(uri, "file").write_text("x" * 100)
        artifact = metadata_store_pb2.Artifact(
            type_id=self.types[kind], uri=uri, state=metadata_store_pb2.Artifact.LIVE
        )
        for key, value in properties.items():
            artifact.custom_properties[key].int_value = value
        [artifact.id] = self.store.put_artifacts([artifact])
        return artifact

    def run(self, number: int, days_ago: int, blessed: bool | None = None, examples=None) -> dict[str, str]:
        """Its artifacts' URIs by type."""
        made = [examples or self.artifact("Examples", number), self.artifact("Model", number)]
        if blessed is not None:
            made.append(self.artifact("ModelBlessing", number, blessed=int(blessed)))
            self.judge(made[1], made[2])
        uris = {list(self.types)[index]: artifact.uri for index, artifact in enumerate(made)}
        run_id = f"run-{number}"
        node = NodeRecord(
            id="Node", state="complete", artifacts={key: (uri,) for key, uri in uris.items()}, home=Home(run=run_id)
        )
        os.makedirs(self.layout.logs(run_id))
        os.makedirs(os.path.join(self.layout.checkpoints(run_id), "Trainer"))
        started = NOW - datetime.timedelta(days=days_ago)
        facts = {"state": "complete", "started": started, "nodes": (node,), "blessed": blessed}
        save(self.path, RunRecord(id=run_id, pipeline="taxi", config_json="{}", **facts))
        return uris

    def judge(self, model: metadata_store_pb2.Artifact, blessing: metadata_store_pb2.Artifact) -> None:
        [execution] = self.store.put_executions([metadata_store_pb2.Execution(type_id=self.execution_type)])
        event = metadata_store_pb2.Event
        self.store.put_events(
            [
                event(artifact_id=model.id, execution_id=execution, type=event.INPUT),
                event(artifact_id=blessing.id, execution_id=execution, type=event.OUTPUT),
            ]
        )

    def state(self, uri: str) -> int:
        return self.store.get_artifacts_by_uri(uri)[0].state


@pytest.fixture
def root(tmp_path):
    return Root(tmp_path)


def test_only_runs_that_are_old_and_beyond_the_count_go(root):
    old, young, kept = root.run(1, 30), root.run(2, 3), root.run(3, 0)
    pruned = prune(root.path, keep_runs=1, older_than=datetime.timedelta(days=7), dry_run=False)

    assert pruned.runs == ("run-1",)
    assert [record.id for record in list_runs(root.path)] == ["run-2", "run-3"]
    assert not any(os.path.exists(uri) for uri in old.values())
    assert all(os.path.exists(uri) for uri in (*young.values(), *kept.values()))
    assert not os.path.exists(f"{root.path}/checkpoints/run-1")
    assert root.state(old["Model"]) == metadata_store_pb2.Artifact.DELETED
    assert root.state(kept["Model"]) == metadata_store_pb2.Artifact.LIVE


def test_a_dry_run_lists_paths_and_bytes_and_removes_nothing(root):
    old = root.run(1, 30)
    root.run(2, 0)
    pruned = prune(root.path, keep_runs=1, older_than=ANY_AGE)

    assert set(old.values()) < set(pruned.paths)
    assert 200 < pruned.bytes < 2000
    assert all(os.path.exists(path) for path in pruned.paths)
    assert root.state(old["Model"]) == metadata_store_pb2.Artifact.LIVE


def test_what_a_later_run_shares_stays(root):
    shared = root.artifact("Examples", 9)
    root.run(1, 30, examples=shared)
    root.run(2, 0, examples=shared)
    prune(root.path, keep_runs=1, older_than=ANY_AGE, dry_run=False)
    assert os.path.exists(shared.uri)


def test_a_blessed_model_stays_and_the_latest_with_all_it_came_from(root):
    first, latest, rejected = (
        root.run(1, 30, blessed=True),
        root.run(2, 20, blessed=True),
        root.run(3, 10, blessed=False),
    )
    prune(root.path, keep_runs=0, older_than=ANY_AGE, dry_run=False)

    assert [record.id for record in list_runs(root.path)] == ["run-1", "run-2"]
    assert [os.path.exists(first[kind]) for kind in ("Examples", "Model", "ModelBlessing")] == [False, True, True]
    assert all(os.path.exists(uri) for uri in latest.values())
    assert not any(os.path.exists(uri) for uri in rejected.values())


def test_pruning_is_refused_while_a_run_uses_the_root(root):
    with lock.hold(root.path, wait=False, tell=print) as held:
        held.sign("taxi-1")
        with pytest.raises(InputError, match=r"in use by run taxi-1 \(pid"):
            prune(root.path, keep_runs=1, older_than=ANY_AGE)


def test_a_run_on_a_cluster_that_was_lost_goes_once_it_has_not_been_heard_of_for_long(root):
    for run_id in ("lost", "alive"):
        facts = {"state": "running", "started": NOW - datetime.timedelta(days=9), "process": f"{JOB}1"}
        facts["nodes"] = (NodeRecord(id="Node", home=Home(run=run_id)),)
        save(root.path, RunRecord(id=run_id, pipeline="taxi", config_json="{}", **facts))
    os.utime(Layout(root.path).record("lost"), (0, 0))

    pruned = prune(root.path, keep_runs=0, older_than=datetime.timedelta(days=7))

    assert "lost" in pruned.runs
    assert "alive" not in pruned.runs


def test_what_beam_jobs_left_goes_when_it_is_old(tmp_path: pathlib.Path) -> None:
    root = Root(tmp_path)
    jar = pathlib.Path(root.layout.beam, "server.jar")
    for folder in (f"{root.layout.code}/lost", f"{root.layout.code}/new", f"{root.layout.beam}/staged"):
        os.makedirs(folder)
    jar.touch()
    month_ago = (NOW - datetime.timedelta(days=30)).timestamp()
    for path in (f"{root.layout.code}/lost", f"{root.layout.beam}/staged", root.layout.code, str(jar)):
        os.utime(path, (month_ago, month_ago))
    pruned = prune(str(tmp_path), 0, datetime.timedelta(days=7), dry_run=False)
    assert pruned.paths == (f"{root.layout.code}/lost", f"{root.layout.beam}/staged")
    assert os.listdir(root.layout.code) == ["new"]
    assert jar.exists()
