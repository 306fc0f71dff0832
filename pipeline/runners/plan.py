"""What a run has to do. Made once (`planning`), kept in the run's folder for those who run a single node of it."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping

import pydantic
from tfx.proto.orchestration import pipeline_pb2

from pipeline import runs
from pipeline.layout import Layout
from pipeline.runners import ir as irs
from pipeline.runners.reasons import Fingerprint
from pipeline.runs import NodeRecord


@dataclasses.dataclass(frozen=True)
class Plan:
    """One run, or one attempt at it.

    Attributes:
        ir: for this run.
        nodes: the records of all nodes at its start, in topological order; those to do are "pending".
        kept: nodes to do that an earlier attempt has done.
        fingerprints: what each node depends on, as far as known beforehand.
        reasons: why nodes must run, where that is known beforehand.
        borrowed: fields of the run's record that come with the outputs of another run.
        whole: nodes whose driver is built on TFX's components: `light.imports` does not do for them.
    """

    ir: pipeline_pb2.Pipeline
    nodes: tuple[NodeRecord, ...]
    kept: frozenset[str]
    fingerprints: Mapping[str, Fingerprint]
    reasons: Mapping[str, str]
    borrowed: Mapping[str, object]
    whole: frozenset[str]

    def placed(self, node_id: str) -> pipeline_pb2.Pipeline:
        """The IR in which that node finds its inputs."""
        return irs.placed(self.ir, node_id, {node.id: node.home for node in self.nodes})


class _Kept(pydantic.BaseModel):
    """A Plan as text."""

    ir: str
    nodes: tuple[NodeRecord, ...]
    kept: frozenset[str]
    fingerprints: dict[str, Fingerprint]
    reasons: dict[str, str]
    borrowed: dict[str, object]
    whole: frozenset[str]


def save(plan: Plan, root: str, run_id: str) -> None:
    """Keep it in the run's folder."""
    fields = {field.name: getattr(plan, field.name) for field in dataclasses.fields(plan)}
    ir = base64.b64encode(plan.ir.SerializeToString(deterministic=True)).decode()
    runs.write_whole(Layout(root).plan(run_id), _Kept(**{**fields, "ir": ir}).model_dump_json())


def load(root: str, run_id: str) -> Plan:
    """The plan of a run, which was kept."""
    with open(Layout(root).plan(run_id), encoding="utf-8") as file:
        kept = _Kept.model_validate_json(file.read())
    fields = {name: getattr(kept, name) for name in _Kept.model_fields}
    return Plan(**{**fields, "ir": pipeline_pb2.Pipeline.FromString(base64.b64decode(kept.ir))})
