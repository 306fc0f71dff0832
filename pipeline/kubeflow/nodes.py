"""The nodes of a pipeline, read from its IR: what each waits for and what it leaves. Imports TFX."""

from __future__ import annotations

from tfx.proto.orchestration import pipeline_pb2

from pipeline import beam, graph
from pipeline.config.config import Config
from pipeline.kubeflow.steps import Node
from pipeline.kubeflow.visible import declared
from pipeline.runners import ir as irs


def nodes(config: Config) -> tuple[Node, ...]:
    """The nodes of `config`'s pipeline, in topological order.

    Raises:
        ConfigError: the config names Beam steps that there are not, or options that Beam does not know.
    """
    ir = irs.compiled(graph.create_pipeline(config))
    beam.check(config, irs.beam_nodes(ir))
    upstream = irs.upstream(ir)
    return tuple(
        Node(each.pipeline_node.node_info.id, upstream[each.pipeline_node.node_info.id], _outputs(each.pipeline_node))
        for each in ir.nodes
    )


def _outputs(node: pipeline_pb2.PipelineNode) -> dict[str, str]:
    """The title of the schema of each output."""
    types = {key: spec.artifact_spec.type.name for key, spec in sorted(node.outputs.outputs.items())}
    return declared(types)
