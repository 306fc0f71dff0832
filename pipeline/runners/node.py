"""One node of one IR in one run, through TFX's launcher: driver, executor, publisher.

It knows neither processes nor terminals: a laptop's runner calls it for each node, a cluster's container for its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ml_metadata.proto.metadata_store_pb2 import ConnectionConfig, Execution
from tfx.orchestration.local import runner_utils
from tfx.orchestration.metadata import Metadata
from tfx.orchestration.portable.launcher import Launcher
from tfx.orchestration.portable.mlmd import execution_lib
from tfx.proto.orchestration import pipeline_pb2
from tfx.types import Artifact

from components.errors import CrashError
from pipeline.runners import store as stores

Artifacts = Mapping[str, Sequence[Artifact]]


@dataclasses.dataclass(frozen=True)
class NodeResult:
    """How a node ended well.

    Attributes:
        state: "complete" it executed, "cached" an earlier execution's outputs serve, "kept" it had succeeded in this
            run before, "skipped" its condition did not hold.
        execution: its execution's id in the metadata store; None where skipped.
        properties: its execution properties, with what the driver made of them; empty where kept.
    """

    state: Literal["complete", "cached", "kept", "skipped"]
    execution: int | None = None
    inputs: Artifacts = dataclasses.field(default_factory=dict)
    outputs: Artifacts = dataclasses.field(default_factory=dict)
    properties: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def run_node(
    ir: pipeline_pb2.Pipeline,
    node_id: str,
    connection: ConnectionConfig,
    operators: Mapping[Any, Any],
) -> NodeResult:
    """Run a node, unless it has succeeded in this run before.

    What an earlier try left under way is marked as failed first, and its outputs deleted: nobody else may be running
    this node of this run.

    Args:
        ir: the compiled pipeline, its runtime parameters substituted.
        operators: what runs the executors, by type of executor spec, as the launcher wants it.

    Raises:
        Exception: what the driver, executor or publisher raised; the execution is marked as failed.
    """
    node = node_of(ir, node_id)
    root = ir.runtime_spec.pipeline_root.field_value.string_value
    with stores.opened(connection) as store:
        before = stores.executions_of(store, node)
        done = stores.finished(before)
        if done:
            return _result(store, done, "kept")
        stores.bury(store, before, root)
    try:
        info = _launcher(ir, node, connection, operators).launch()
    except BaseException:
        with stores.opened(connection) as store:
            stores.bury(store, stores.executions_of(store, node), root)
        raise
    if info is None or info.execution_id is None:
        return NodeResult("skipped")
    with stores.opened(connection) as store:
        [execution] = store.store.get_executions_by_id([info.execution_id])
        if not execution_lib.is_execution_successful(execution):
            raise CrashError(_why_failed(execution))
        cached = execution.last_known_state == Execution.CACHED
        result = _result(store, execution, "cached" if cached else "complete")
        return dataclasses.replace(result, properties=info.exec_properties)


def node_of(ir: pipeline_pb2.Pipeline, node_id: str) -> pipeline_pb2.PipelineNode:
    """The node of that id."""
    return next(node.pipeline_node for node in ir.nodes if node.pipeline_node.node_info.id == node_id)


def _launcher(
    ir: pipeline_pb2.Pipeline,
    node: pipeline_pb2.PipelineNode,
    connection: ConnectionConfig,
    operators: Mapping[Any, Any],
) -> Launcher:
    deployment = runner_utils.extract_local_deployment_config(ir)
    return Launcher(
        pipeline_node=node,
        mlmd_connection=stores.opened(connection),
        pipeline_info=ir.pipeline_info,
        pipeline_runtime_spec=ir.runtime_spec,
        executor_spec=runner_utils.extract_executor_spec(deployment, node.node_info.id),
        custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, node.node_info.id),
        custom_executor_operators=dict(operators),
    )


def _result(store: Metadata, execution: Execution, state: Literal["complete", "cached", "kept"]) -> NodeResult:
    return NodeResult(
        state=state,
        execution=execution.id,
        inputs=execution_lib.get_input_artifacts(store, execution.id),
        outputs=execution_lib.get_output_artifacts(store, execution.id),
    )


def _why_failed(execution: Execution) -> str:
    result = execution_lib.get_execution_result(execution)
    text = result.result_message.strip() if result else ""
    return text.splitlines()[-1] if text else "its inputs could not be resolved"
