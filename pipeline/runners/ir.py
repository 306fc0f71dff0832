"""The compiled pipeline (TFX's IR): made for one run, pointed at other runs' outputs, ordered."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any

import pydantic
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import compiler, constants
from tfx.orchestration.local import runner_utils
from tfx.orchestration.pipeline import Pipeline
from tfx.orchestration.portable import runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2
from tfx.proto.orchestration.executable_spec_pb2 import BeamExecutableSpec

from pipeline.runs import Home

DIGEST = "millrace_digest"
ATTEMPT = "millrace_attempt"


def _as_text(ir: pipeline_pb2.Pipeline) -> str:
    return base64.b64encode(ir.SerializeToString(deterministic=True)).decode()


def _from_text(value: Any) -> Any:
    return pipeline_pb2.Pipeline.FromString(base64.b64decode(value)) if isinstance(value, str) else value


IR = Annotated[
    pipeline_pb2.Pipeline, pydantic.BeforeValidator(_from_text), pydantic.PlainSerializer(_as_text, return_type=str)
]
"""As a field of a record that is kept."""


def compiled(pipeline: Pipeline) -> pipeline_pb2.Pipeline:
    """The IR of `pipeline`, its runtime parameters still open, and its nodes in the order in which they were made.

    TFX orders them by their distance from the first, so that a node that waits for gates would come before them.
    """
    ir = compiler.Compiler().compile(pipeline)
    places = {node.id: place for place, node in enumerate(pipeline.dsl_context_registry.all_nodes)}
    ir.nodes.sort(key=lambda node: places[node.pipeline_node.node_info.id])
    return ir


def node_ids(ir: pipeline_pb2.Pipeline) -> tuple[str, ...]:
    """All nodes, in topological order."""
    return tuple(node.node_info.id for node in _nodes(ir))


def makers_of(ir: pipeline_pb2.Pipeline, artifact_type: str) -> frozenset[str]:
    """The nodes with an output of that type."""
    return frozenset(
        node.node_info.id
        for node in _nodes(ir)
        if any(spec.artifact_spec.type.name == artifact_type for spec in node.outputs.outputs.values())
    )


def upstream(ir: pipeline_pb2.Pipeline) -> dict[str, frozenset[str]]:
    """Each node's direct predecessors."""
    return {node.node_info.id: frozenset(node.upstream_nodes) for node in _nodes(ir)}


def reaching(edges: Mapping[str, Collection[str]], start: Collection[str]) -> frozenset[str]:
    """`start` and all that is reached from it along `edges`."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += edges[node]
    return frozenset(found)


def reversed_edges(edges: Mapping[str, Collection[str]]) -> dict[str, frozenset[str]]:
    """The same graph with every edge turned around."""
    return {node: frozenset(other for other in edges if node in edges[other]) for node in edges}


def modules(ir: pipeline_pb2.Pipeline) -> dict[str, tuple[str, ...]]:
    """The modules of each node's executor and driver; none for TFX's own resolvers."""
    deployment = runner_utils.extract_local_deployment_config(ir)
    found: dict[str, tuple[str, ...]] = {}
    for node_id in node_ids(ir):
        specs = (
            runner_utils.extract_executor_spec(deployment, node_id),
            runner_utils.extract_custom_driver_spec(deployment, node_id),
        )
        found[node_id] = tuple(_class_path(spec).rpartition(".")[0] for spec in specs if spec is not None)
    return found


def beam_nodes(ir: pipeline_pb2.Pipeline) -> tuple[str, ...]:
    """The nodes whose executors are Beam pipelines, in topological order."""
    deployment = runner_utils.extract_local_deployment_config(ir)
    specs = {node_id: runner_utils.extract_executor_spec(deployment, node_id) for node_id in node_ids(ir)}
    return tuple(node_id for node_id, spec in specs.items() if isinstance(spec, BeamExecutableSpec))


def executes(ir: pipeline_pb2.Pipeline, node_id: str) -> bool:
    """Whether the node has an executor; resolvers only look at the store."""
    return bool(modules(ir)[node_id])


def settings(ir: pipeline_pb2.Pipeline) -> dict[str, dict[str, str]]:
    """Each node's execution properties as text, and under "wiring" a digest of where its inputs come from.

    Call it before `for_run`: what a run's id is must not show in it.
    """
    return {node.node_info.id: {**_parameters(node), "wiring": _digest(node.inputs)} for node in _nodes(ir)}


def for_run(
    ir: pipeline_pb2.Pipeline, run_id: str, artifacts: str, digests: Mapping[str, str], uncached: Collection[str]
) -> None:
    """Make `ir` the IR of one run, in place.

    Args:
        artifacts: where outputs go.
        digests: the digest of each node's sources. It becomes an execution property, and so a part of the launcher's
            cache key.
        uncached: nodes that must not reuse earlier outputs.
    """
    runtime_parameter_utils.substitute_runtime_parameter(
        ir, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id, constants.PIPELINE_ROOT_PARAMETER_NAME: artifacts}
    )
    executed = runner_utils.extract_local_deployment_config(ir).executor_specs
    for node in _nodes(ir):
        if node.node_info.id in executed:
            node.parameters.parameters[DIGEST].field_value.string_value = digests[node.node_info.id]
        if node.node_info.id in uncached:
            node.execution_options.caching_options.enable_cache = False


def placed(ir: pipeline_pb2.Pipeline, node_id: str, homes: Mapping[str, Home]) -> pipeline_pb2.Pipeline:
    """A copy of `ir` in which a node runs in `homes[node_id]` and reads its inputs from its predecessors' homes.

    A run's first attempt is what the compiler made of it. Later attempts have one context more, so that the launcher
    neither takes an execution of an earlier attempt for this one nor its outputs for inputs; all stay in the run's own
    context.
    """
    copy = pipeline_pb2.Pipeline()
    copy.CopyFrom(ir)
    node = next(node for node in _nodes(copy) if node.node_info.id == node_id)
    attempt = _attempt_context(homes[node_id])
    if attempt:
        node.contexts.contexts.append(
            pipeline_pb2.ContextSpec(type=metadata_store_pb2.ContextType(name=ATTEMPT), name=_value(attempt))
        )
    for spec in node.inputs.inputs.values():
        for channel in spec.channels:
            if channel.producer_node_query.id in homes:
                _read_from(channel, homes[channel.producer_node_query.id])
    return copy


def _read_from(channel: pipeline_pb2.InputSpec.Channel, home: Home) -> None:
    """Let a channel that asks for its producer's outputs in this run ask in `home`; one that asks in all runs stays."""
    of_run = [q for q in channel.context_queries if q.type.name == constants.PIPELINE_RUN_CONTEXT_TYPE_NAME]
    for query in of_run:
        query.name.CopyFrom(_value(home.run))
    attempt = _attempt_context(home)
    if of_run and attempt:
        channel.context_queries.add(type=metadata_store_pb2.ContextType(name=ATTEMPT), name=_value(attempt))


def _attempt_context(home: Home) -> str:
    return f"{home.run}.{home.attempt}" if home.attempt > 1 else ""


def _value(text: str) -> pipeline_pb2.Value:
    return pipeline_pb2.Value(field_value=metadata_store_pb2.Value(string_value=text))


def _nodes(ir: pipeline_pb2.Pipeline) -> Iterator[pipeline_pb2.PipelineNode]:
    return (node.pipeline_node for node in ir.nodes)


def _class_path(spec: Any) -> str:
    return str(getattr(spec, "python_executor_spec", spec).class_path)


def _parameters(node: pipeline_pb2.PipelineNode) -> dict[str, str]:
    return {key: _text(value) for key, value in node.parameters.parameters.items()}


def _text(value: pipeline_pb2.Value) -> str:
    if not value.HasField("field_value"):
        return _digest(value)
    plain = getattr(value.field_value, value.field_value.WhichOneof("value"))
    return plain if isinstance(plain, str) else json.dumps(plain)


def _digest(message: pipeline_pb2.NodeInputs | pipeline_pb2.Value) -> str:
    return hashlib.sha256(message.SerializeToString(deterministic=True)).hexdigest()
