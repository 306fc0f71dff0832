"""The nodes of a pipeline, read from its IR: what each waits for and what it leaves. Imports TFX."""

from __future__ import annotations

from tfx.proto.orchestration import pipeline_pb2

from pipeline import graph
from pipeline.config.config import Config
from pipeline.kubeflow.steps import Node
from pipeline.runners import ir as irs
from pipeline.runners.visible import METRICS, PAGES

_SCHEMAS = {"Model": "system.Model", "Examples": "system.Dataset"}
PAGE, METRICS_KEY = "page", "metrics"
"""The outputs that are for KFP's UI alone."""


def nodes(config: Config) -> tuple[Node, ...]:
    """The nodes of `config`'s pipeline, in topological order."""
    ir = irs.compiled(graph.create_pipeline(config))
    upstream = irs.upstream(ir)
    return tuple(
        Node(each.pipeline_node.node_info.id, upstream[each.pipeline_node.node_info.id], _outputs(each.pipeline_node))
        for each in ir.nodes
    )


def _outputs(node: pipeline_pb2.PipelineNode) -> dict[str, str]:
    """The title of the schema of each output."""
    types = {key: spec.artifact_spec.type.name for key, spec in node.outputs.outputs.items()}
    found = {key: _SCHEMAS.get(name, "system.Artifact") for key, name in sorted(types.items())}
    if node.node_info.id in PAGES:
        found[PAGE] = "system.HTML"
    if node.node_info.id in METRICS:
        found[METRICS_KEY] = "system.Metrics"
    return found
