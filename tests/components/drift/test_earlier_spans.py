"""What earlier spans left, resolved from a real metadata store."""

from __future__ import annotations

import pathlib

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.types import Artifact
from tfx.types.standard_artifacts import Examples, ExampleStatistics

from components.drift.earlier_spans import EarlierSpans
from components.example_gen.driver import INGESTION


@pytest.fixture
def store() -> mlmd.MetadataStore:
    config = metadata_store_pb2.ConnectionConfig()
    config.fake_database.SetInParent()
    return mlmd.MetadataStore(config)


class Spans:
    """Puts artifacts of spans into a store, with folders of their own."""

    def __init__(self, store: mlmd.MetadataStore, folder: pathlib.Path) -> None:
        self.store, self.folder, self.count = store, folder, 0

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

    def _put(self, artifact: Artifact) -> Artifact:
        self.count += 1
        artifact.uri = str(self.folder / str(self.count))
        pathlib.Path(artifact.uri).mkdir()
        artifact.type_id = self.store.put_artifact_type(artifact.artifact_type)
        [artifact.id] = self.store.put_artifacts([artifact.mlmd_artifact])
        return artifact


@pytest.fixture
def spans(store: mlmd.MetadataStore, tmp_path: pathlib.Path) -> Spans:
    return Spans(store, tmp_path)


def _resolved(
    spans: Spans, examples: list[Artifact], statistics: list[Artifact], current: list[Artifact]
) -> dict[str, list[int]] | None:
    strategy = EarlierSpans(most={"examples": 1, "statistics": 2})
    inputs = {"examples": examples, "statistics": statistics, "current": current}
    resolved = strategy.resolve_artifacts(spans.store, inputs)
    return resolved and {key: [artifact.id for artifact in found] for key, found in resolved.items()}


def test_the_newest_artifact_of_each_of_the_last_spans_before_this_one(spans: Spans) -> None:
    e1, e2, redone, e3 = (spans.examples(span) for span in (1, 2, 2, 3))
    s0, s1, s2, s3, later = (spans.statistics(span) for span in (0, 1, 2, 3, 4))

    found = _resolved(spans, [e3, redone, e2, e1], [later, s3, s2, s1, s0], [e3])

    assert found == {"examples": [redone.id], "statistics": [s2.id, s1.id], "current": [e3.id]}


def test_examples_must_have_been_ingested_alike_and_what_is_gone_does_not_count(spans: Spans) -> None:
    other, alike, e3 = spans.examples(2, "other columns"), spans.examples(1), spans.examples(3)
    kept, gone = spans.statistics(1), spans.statistics(2)
    pathlib.Path(gone.uri).rmdir()

    found = _resolved(spans, [other, alike, e3], [kept, gone], [e3])

    assert found == {"examples": [alike.id], "statistics": [kept.id], "current": [e3.id]}


def test_a_first_span_has_none_and_without_a_span_there_is_nothing(spans: Spans) -> None:
    first = spans.examples(1)

    assert _resolved(spans, [first], [spans.statistics(1)], [first]) == {
        "examples": [], "statistics": [], "current": [first.id],
    }  # fmt: skip
    assert _resolved(spans, [first], [], []) is None
