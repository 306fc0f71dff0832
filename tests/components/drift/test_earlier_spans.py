"""What earlier spans left, resolved from a real metadata store."""

from __future__ import annotations

import pathlib

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.types import Artifact
from tfx.types.standard_artifacts import Examples, ExampleStatistics

from components.artifacts import DriftReports
from components.drift.earlier_spans import EarlierSpans
from components.spans import INGESTION

_Event, _Execution = metadata_store_pb2.Event, metadata_store_pb2.Execution


@pytest.fixture
def store() -> mlmd.MetadataStore:
    config = metadata_store_pb2.ConnectionConfig()
    config.fake_database.SetInParent()
    return mlmd.MetadataStore(config)


class Spans:
    """Puts artifacts of spans into a store, with folders of their own."""

    def __init__(self, store: mlmd.MetadataStore, folder: pathlib.Path) -> None:
        self.store, self.folder = store, folder
        self.made: list[Artifact] = []

    def examples(self, span: int, how: str = "same") -> Artifact:
        """They keep their span as a custom property."""
        examples = Examples()
        examples.set_int_custom_property("span", span)
        examples.set_string_custom_property(INGESTION, how)
        return self._put(examples)

    def statistics(self, span: int) -> Artifact:
        """They keep their span as a property."""
        statistics = ExampleStatistics()
        statistics.span = span
        return self._put(statistics)

    def run(self, state: int, gate: str = "DriftGate", old: Artifact | None = None) -> Artifact:
        """Statistics of span 2, at first counted, and a gate that ends like this; its baseline is of span 1."""
        statistics = old or self.statistics(2)
        if not old:
            self._execute("StatisticsGen", {"examples": self.examples(2)}, statistics)
        reports = self._put(DriftReports())
        self._execute("Drift", {"statistics": statistics, "earlier": self.statistics(1)}, reports)
        self._execute(gate, {"reports": reports}, None, state)
        return statistics

    def _execute(
        self, node: str, inputs: dict[str, Artifact], output: Artifact | None, state: int = _Execution.COMPLETE
    ) -> None:
        """As the launcher records it; what fails has no output."""
        kind = self.store.put_execution_type(metadata_store_pb2.ExecutionType(name=f"components.{node}"))
        of_node = self.store.put_context_type(metadata_store_pb2.ContextType(name="node"))
        name = f"moved.{node}"
        known = self.store.get_context_by_type_and_name("node", name)
        pairs = [(artifact.mlmd_artifact, _event(_Event.INPUT, key)) for key, artifact in inputs.items()]
        pairs += [(output.mlmd_artifact, _event(_Event.OUTPUT, "made"))] if output else []
        execution = _Execution(type_id=kind, last_known_state=state)
        context = known or metadata_store_pb2.Context(type_id=of_node, name=name)
        self.store.put_execution(execution, pairs, [context])

    def _put(self, artifact: Artifact) -> Artifact:
        self.made.append(artifact)
        artifact.uri = str(self.folder / str(len(self.made)))
        pathlib.Path(artifact.uri).mkdir()
        artifact.type_id = self.store.put_artifact_type(artifact.artifact_type)
        [artifact.id] = self.store.put_artifacts([artifact.mlmd_artifact])
        return artifact


def _event(kind: int, key: str) -> metadata_store_pb2.Event:
    steps = [_Event.Path.Step(key=key), _Event.Path.Step(index=0)]
    return _Event(type=kind, path=_Event.Path(steps=steps))


@pytest.fixture
def spans(store: mlmd.MetadataStore, tmp_path: pathlib.Path) -> Spans:
    return Spans(store, tmp_path)


def _resolved(
    spans: Spans, examples: list[Artifact], statistics: list[Artifact], current: list[Artifact]
) -> dict[str, list[int]] | None:
    strategy = EarlierSpans({"examples": 1, "statistics": 2}, ["moved.DriftGate", "moved.PredictionDriftGate"])
    inputs = {"examples": examples, "statistics": statistics, "refused": statistics, "current": current}
    resolved = strategy.resolve_artifacts(spans.store, inputs)
    return resolved and {key: [artifact.id for artifact in found] for key, found in resolved.items()}


def test_the_newest_artifact_of_each_of_the_last_spans_before_this_one(spans: Spans) -> None:
    e1, e2, redone, e3 = (spans.examples(span) for span in (1, 2, 2, 3))
    s0, s1, s2, s3, later = (spans.statistics(span) for span in (0, 1, 2, 3, 4))

    found = _resolved(spans, [e3, redone, e2, e1], [later, s3, s2, s1, s0], [e3])

    assert found == {"examples": [redone.id], "statistics": [s2.id, s1.id], "refused": [], "current": [e3.id]}


def test_examples_must_have_been_ingested_alike_and_what_is_gone_does_not_count(spans: Spans) -> None:
    other, alike, e3 = spans.examples(2, "other columns"), spans.examples(1), spans.examples(3)
    kept, gone = spans.statistics(1), spans.statistics(2)
    pathlib.Path(gone.uri).rmdir()

    found = _resolved(spans, [other, alike, e3], [kept, gone], [e3])

    assert found == {"examples": [alike.id], "statistics": [kept.id], "refused": [], "current": [e3.id]}


def test_a_first_span_has_none_and_without_a_span_there_is_nothing(spans: Spans) -> None:
    first = spans.examples(1)

    assert _resolved(spans, [first], [spans.statistics(1)], [first]) == {
        "examples": [], "statistics": [], "refused": [], "current": [first.id],
    }  # fmt: skip
    assert _resolved(spans, [first], [], []) is None


FAILED, COMPLETE, CACHED, CANCELED = _Execution.FAILED, _Execution.COMPLETE, _Execution.CACHED, _Execution.CANCELED


@pytest.mark.parametrize(
    ("states", "stopped"),
    [
        ((), False),
        ((COMPLETE,), False),
        ((FAILED,), True),
        ((FAILED, FAILED), True),
        ((FAILED, COMPLETE), False),
        ((FAILED, COMPLETE, FAILED), True),
        ((FAILED, CACHED), False),
        ((FAILED, CANCELED), True),
    ],
    ids=["none", "passed", "stopped", "twice", "mended", "undone", "cached", "Ctrl-C"],
)
def test_what_a_gate_stopped_is_no_baseline_until_it_passes(
    spans: Spans, states: tuple[int, ...], stopped: bool
) -> None:
    before, current = spans.statistics(1), spans.examples(3)
    two = None
    for state in states:
        two = spans.run(state, old=two)
    two = two or spans.statistics(2)
    found = _resolved(spans, [], [before, two], [current])
    assert found is not None
    assert (found["statistics"], found["refused"]) == (
        ([before.id], [two.id]) if stopped else ([two.id, before.id], [])
    )


def test_what_one_gate_stopped_no_other_lets_pass_but_other_data_of_the_span(spans: Spans) -> None:
    current = spans.examples(3)
    stopped = spans.run(FAILED, "PredictionDriftGate")
    spans.run(COMPLETE, "DriftGate", old=stopped)
    assert _resolved(spans, [], [stopped], [current]) == {
        "examples": [], "statistics": [], "refused": [stopped.id], "current": [current.id],
    }  # fmt: skip
    mended = spans.run(COMPLETE)
    found = _resolved(spans, [], [stopped, mended], [current])
    assert found is not None
    assert (found["statistics"], found["refused"]) == ([mended.id], [])


def test_examples_go_with_the_statistics_that_were_stopped(spans: Spans) -> None:
    current = spans.examples(3)
    spans.run(FAILED)
    of_gate = [artifact for artifact in spans.made if artifact.type_name == "Examples" and artifact.id != current.id]
    found = _resolved(spans, of_gate, [], [current])
    assert found is not None
    assert found["examples"] == []
