"""What a run has to do. Made once (`planning`), kept in the run's folder for those who run a single node of it."""

from __future__ import annotations

import base64
from typing import Annotated, Any

import pydantic
from tfx.proto.orchestration import pipeline_pb2

from pipeline import runs
from pipeline.layout import Layout
from pipeline.runners import ir as irs
from pipeline.runners.reasons import Fingerprint
from pipeline.runs import NodeRecord


def _as_text(ir: pipeline_pb2.Pipeline) -> str:
    return base64.b64encode(ir.SerializeToString(deterministic=True)).decode()


def _from_text(value: Any) -> Any:
    return pipeline_pb2.Pipeline.FromString(base64.b64decode(value)) if isinstance(value, str) else value


class Plan(pydantic.BaseModel, frozen=True, arbitrary_types_allowed=True):
    """One run, or one attempt at it."""

    ir: Annotated[
        pipeline_pb2.Pipeline, pydantic.BeforeValidator(_from_text), pydantic.PlainSerializer(_as_text, return_type=str)
    ]
    """For this run."""
    nodes: tuple[NodeRecord, ...]
    """The records of all nodes at its start, in topological order; those to do are "pending"."""
    kept: frozenset[str]
    """Nodes to do that an earlier attempt has done."""
    fingerprints: dict[str, Fingerprint]
    """What each node depends on, as far as known beforehand."""
    reasons: dict[str, str]
    """Why nodes must run, where that is known beforehand."""
    borrowed: dict[str, Any]
    """Fields of the run's record that come with the outputs of another run."""
    whole: frozenset[str]
    """Nodes whose driver is built on TFX's components: `light.imports` does not do for them."""

    def placed(self, node_id: str) -> pipeline_pb2.Pipeline:
        """The IR in which that node finds its inputs."""
        return irs.placed(self.ir, node_id, {node.id: node.home for node in self.nodes})


def save(plan: Plan, root: str, run_id: str) -> None:
    """Keep it in the run's folder."""
    runs.write_whole(Layout(root).plan(run_id), plan.model_dump_json())


def load(root: str, run_id: str) -> Plan:
    """The plan of a run, which was kept."""
    with open(Layout(root).plan(run_id), encoding="utf-8") as file:
        return Plan.model_validate_json(file.read())
