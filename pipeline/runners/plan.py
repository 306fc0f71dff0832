"""What a run has to do. Made once (`planning`), kept in the run's folder for those who run a single node of it."""

from __future__ import annotations

from typing import Any

import pydantic
from tfx.proto.orchestration import pipeline_pb2

from components.errors import InputError
from pipeline import runs
from pipeline.layout import Layout
from pipeline.runners import ir as irs
from pipeline.runners.reasons import Fingerprint
from pipeline.runs import NodeRecord


class Plan(pydantic.BaseModel, frozen=True, arbitrary_types_allowed=True):
    """One run, or one attempt at it."""

    ir: irs.IR
    """For this run."""
    nodes: tuple[NodeRecord, ...]
    """The records of all nodes at its start, in topological order; those to do are "pending"."""
    kept: frozenset[str]
    """Nodes to do that an earlier attempt has done."""
    fingerprints: dict[str, Fingerprint]
    """What each node depends on, as far as known beforehand."""
    reasons: dict[str, str]
    """Why nodes must run, where that is known beforehand."""
    earlier_spans: str
    """The last node that the earlier spans of a window go through."""
    borrowed: dict[str, Any]
    """Fields of the run's record that come with the outputs of another run."""

    def placed(self, node_id: str) -> pipeline_pb2.Pipeline:
        """The IR in which that node finds its inputs."""
        return irs.placed(self.ir, node_id, {node.id: node.home for node in self.nodes})


def save(plan: Plan, root: str, run_id: str) -> None:
    """Keep it in the run's folder."""
    runs.write_whole(Layout(root).plan(run_id), plan.model_dump_json())


def load(root: str, run_id: str) -> Plan:
    """The plan of a run, which was kept.

    Raises:
        InputError: it is not there.
    """
    try:
        with open(Layout(root).plan(run_id), encoding="utf-8") as file:
            return Plan.model_validate_json(file.read())
    except FileNotFoundError as error:
        raise InputError(
            f"{error.filename}: there is no such file, and the task `start` has written it. Is pipeline_root on a "
            "volume that all tasks share (kubeflow.volumes)?"
        ) from None
