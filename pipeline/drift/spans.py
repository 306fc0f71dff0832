"""The statistics that runs have made of the spans of a pipeline, from ML Metadata."""

from __future__ import annotations

import os

import ml_metadata
from ml_metadata.proto import metadata_store_pb2

from pipeline.config import Config
from pipeline.layout import Layout
from pipeline.runners.connection import connection

# TFX's names, written out: TFX takes many seconds to import.
_NODE_CONTEXT = "node"
_NODE, _TYPE, _FILE = "StatisticsGen", "ExampleStatistics", "FeatureStats.pb"
_LIVE = metadata_store_pb2.Artifact.LIVE


def statistics_by_span(config: Config, root: str) -> list[tuple[int, str]]:
    """(span, file of its training split's statistics) for each that a run of the pipeline has seen, oldest first.

    Of several statistics of a span the newest count. What was pruned is left out; a root without runs has none.
    """
    if not os.path.exists(Layout(root).store):
        return []
    store = ml_metadata.MetadataStore(connection(root))
    node = store.get_context_by_type_and_name(_NODE_CONTEXT, f"{config.name}.{_NODE}")
    made = store.get_artifacts_by_context(node.id) if node else []
    # The node's examples stand in its context, too.
    kinds = {kind.id for kind in store.get_artifact_types() if kind.name == _TYPE}
    newest: dict[int, str] = {}
    for artifact in sorted(made, key=lambda each: each.id):
        path = os.path.join(artifact.uri, "Split-train", _FILE)
        if artifact.type_id in kinds and artifact.state == _LIVE and os.path.isfile(path):
            newest[artifact.properties["span"].int_value] = path
    return sorted(newest.items())
