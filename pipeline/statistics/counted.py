"""The statistics that runs of a pipeline have made, from ML Metadata."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import ml_metadata
from ml_metadata.proto import metadata_store_pb2

from components.statistics.paths import split_file
from pipeline import connection

# TFX's names, written out: TFX takes many seconds to import.
_NODE_CONTEXT = "node"
_NODE, _TYPE = "StatisticsGen", "ExampleStatistics"
_LIVE = metadata_store_pb2.Artifact.LIVE
_INPUT, _OUTPUT = metadata_store_pb2.Event.INPUT, metadata_store_pb2.Event.OUTPUT


@dataclass(frozen=True)
class Counted:
    """Statistics of a span.

    Attributes:
        id: of the artifact.
        properties: what ExampleGen said of the examples that were counted.
    """

    id: int
    span: int
    uri: str
    properties: Mapping[str, str]

    def file(self, split: str) -> str:
        """The statistics of a split."""
        return split_file(self.uri, split)


def counted(pipeline: str, root: str) -> list[Counted]:
    """All that are there still, those last that were made last; a root without runs has none."""
    if not connection.exists(root):
        return []
    store = connection.store(root)
    node = store.get_context_by_type_and_name(_NODE_CONTEXT, f"{pipeline}.{_NODE}")
    # The node's examples stand in its context, too.
    made = [each for each in (store.get_artifacts_by_context(node.id) if node else ()) if each.type == _TYPE]
    found = [
        Counted(each.id, each.properties["span"].int_value, each.uri, _of_examples(store, each.id))
        for each in sorted(made, key=lambda each: int(each.id))
        if each.state == _LIVE
    ]
    return [each for each in found if os.path.isfile(each.file("train"))]


def _of_examples(store: ml_metadata.MetadataStore, statistics: int) -> dict[str, str]:
    made = [each.execution_id for each in _events(store.get_events_by_artifact_ids([statistics]), _OUTPUT)]
    read = [each.artifact_id for each in _events(store.get_events_by_execution_ids(made), _INPUT)] if made else []
    examples = store.get_artifacts_by_id(read) if read else []
    return {name: value.string_value for each in examples for name, value in each.custom_properties.items()}


def _events(events: Iterable[metadata_store_pb2.Event], kind: int) -> list[metadata_store_pb2.Event]:
    return [each for each in events if each.type == kind]
