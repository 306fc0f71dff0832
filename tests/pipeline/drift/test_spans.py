"""Statistics by span, from a real metadata store."""

from __future__ import annotations

import pathlib

import ml_metadata
from ml_metadata.proto import metadata_store_pb2

from pipeline.config import load
from pipeline.connection import connection
from pipeline.drift.spans import statistics_by_span


def put(root: pathlib.Path, span: int, node: str = "taxi.StatisticsGen", kind: str = "ExampleStatistics") -> str:
    """An artifact of that node, as the launcher records it, with a file in its train split; the file's path."""
    store = ml_metadata.MetadataStore(connection(str(root)))
    number = len(store.get_artifacts())
    folder = root / "artifacts" / str(number)
    file = folder / "Split-train" / "FeatureStats.pb"
    file.parent.mkdir(parents=True)
    file.touch()
    artifact_type = metadata_store_pb2.ArtifactType(name=kind, properties={"span": metadata_store_pb2.INT})
    artifact = metadata_store_pb2.Artifact(type_id=store.put_artifact_type(artifact_type), uri=str(folder))
    artifact.properties["span"].int_value = span
    artifact.state = metadata_store_pb2.Artifact.LIVE
    execution_type = store.put_execution_type(metadata_store_pb2.ExecutionType(name="made"))
    context_type = store.put_context_type(metadata_store_pb2.ContextType(name="node"))
    known = store.get_context_by_type_and_name("node", node)
    context = known or metadata_store_pb2.Context(type_id=context_type, name=node)
    event = metadata_store_pb2.Event(type=metadata_store_pb2.Event.OUTPUT)
    store.put_execution(metadata_store_pb2.Execution(type_id=execution_type), [(artifact, event)], [context])
    return str(file)


def judge(root: pathlib.Path, file: str, state: int) -> None:
    """Taxi's DriftGate looks at the statistics in `file`, and ends so."""
    store = ml_metadata.MetadataStore(connection(str(root)))
    uri = str(pathlib.Path(file).parents[1])
    [artifact] = [each for each in store.get_artifacts() if each.uri == uri]
    steps = [metadata_store_pb2.Event.Path.Step(key="statistics")]
    path = metadata_store_pb2.Event.Path(steps=steps)
    event = metadata_store_pb2.Event(type=metadata_store_pb2.Event.INPUT, path=path)
    execution_type = store.put_execution_type(metadata_store_pb2.ExecutionType(name="judged"))
    context_type = store.put_context_type(metadata_store_pb2.ContextType(name="node"))
    known = store.get_context_by_type_and_name("node", "taxi.DriftGate")
    context = known or metadata_store_pb2.Context(type_id=context_type, name="taxi.DriftGate")
    execution = metadata_store_pb2.Execution(type_id=execution_type, last_known_state=state)
    store.put_execution(execution, [(artifact, event)], [context])


def test_the_newest_statistics_of_each_span_oldest_span_first(tmp_path: pathlib.Path) -> None:
    two, old, new = (put(tmp_path, span) for span in (2, 1, 1))
    put(tmp_path, 3, node="other.StatisticsGen")
    put(tmp_path, 4, kind="Examples")
    assert old != new
    assert statistics_by_span(load.load("taxi"), str(tmp_path)) == [(1, new), (2, two)]


def test_what_was_pruned_does_not_count(tmp_path: pathlib.Path) -> None:
    gone, there = put(tmp_path, 1), put(tmp_path, 2)
    pathlib.Path(gone).unlink()
    assert statistics_by_span(load.load("taxi"), str(tmp_path)) == [(2, there)]


def test_a_root_without_runs_has_none(tmp_path: pathlib.Path) -> None:
    assert statistics_by_span(load.load("taxi"), str(tmp_path)) == []
    assert not list(tmp_path.iterdir())
