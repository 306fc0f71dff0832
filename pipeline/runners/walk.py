"""One run on this machine: each change of a node is written down before anything else happens."""

from __future__ import annotations

from collections.abc import Sequence

from tfx.proto.orchestration import pipeline_pb2

from pipeline import runs
from pipeline.config import Config
from pipeline.digests import Sources
from pipeline.layout import Layout
from pipeline.runners import compiled, planning
from pipeline.runners import crew as crews
from pipeline.runners import ir as irs
from pipeline.runners import store as stores
from pipeline.runners.capacity import Capacity
from pipeline.runners.crew import Crew
from pipeline.runners.engine import Engine
from pipeline.runners.events import NodeFinished, NodeStarted, RunStarted
from pipeline.runners.node import node_of
from pipeline.runners.plan import Plan
from pipeline.runners.step import Step
from pipeline.runs import NodeRecord, NodeState, Outcome, RunRecord


def bury(engine: Engine, run_id: str) -> None:
    """Mark as failed what killed processes left under way.

    Of all runs where the store is the root's own file, which we hold locked; of this one where it is on a server, which
    others may be using.
    """
    if not engine.connection.HasField("sqlite"):
        return bury_run(engine, run_id)
    with stores.opened(engine.connection) as store:
        stores.bury_all(store, Layout(engine.root).artifacts)


def bury_run(engine: Engine, run_id: str) -> None:
    """The same of one run, and of those that ingested earlier spans for it."""
    parts = (record.id for record in runs.list_runs(engine.root) if record.parent == run_id)
    with stores.opened(engine.connection) as store:
        for each in (run_id, *parts):
            stores.bury_run(store, each, Layout(engine.root).artifacts)


def planned(
    engine: Engine, config: Config, record: RunRecord, force: tuple[str, ...], earlier: Sequence[RunRecord]
) -> Plan:
    """The plan of the next attempt at `record`.

    Args:
        earlier: runs of the pipeline, newest first.

    Raises:
        ConfigError: the config names something that does not exist.
        InputError: a node's name is wrong, or a partial run needs outputs that no run has.
    """
    sources = Sources(config.project)
    pipeline = compiled.of(engine, config, sources)
    whole = [each for each in earlier if not each.parent]

    def is_done(ir: pipeline_pb2.Pipeline, node_id: str) -> bool:
        with stores.opened(engine.connection) as store:
            return stores.finished(stores.executions_of(store, node_of(ir, node_id))) is not None

    return planning.make(config, pipeline, sources, record, force, whole, engine.root, is_done)


class Walk:
    """One attempt at a run.

    Nodes that do not wait for each other run side by side as far as the machine holds them, and a run comes to the same
    as if they ran one after another: when one fails, those that stand before it are still run, and those behind it are
    not begun; the run's error is that of the first that failed, in the order in which the pipeline is written.
    """

    def __init__(self, engine: Engine, config: Config, record: RunRecord, force: tuple[str, ...]) -> None:
        self.engine = engine
        self.config = config
        self._earlier = runs.earlier(engine.root, record)
        self.plan = planned(engine, config, record, force, self._earlier)
        self.record = record.model_copy(update={"nodes": self.plan.nodes, **self.plan.borrowed})
        self._order = {node.id: place for place, node in enumerate(self.plan.nodes)}
        self._above = irs.upstream(self.plan.ir)
        self._capacity = Capacity(config, [record, *self._earlier])
        self._running: dict[str, Step] = {}
        self._failed = len(self._order)
        """The place of the first node that has failed."""

    def __call__(self) -> RunRecord:
        """Run all nodes, up to the first that fails."""
        runs.save(self.engine.root, self.record)
        ids = tuple(node.id for node in self.record.nodes if node.state != "skipped")
        self.engine.listen(RunStarted(self.record.id, ids, Layout(self.engine.root).logs(self.record.id)))
        for node in self.record.nodes:
            if node.done:
                self.engine.listen(NodeFinished(node))
        crew = crews.of(self.engine)
        try:
            self._run(crew)
        except BaseException:
            crew.stop()
            for step in self._running.values():
                self._finish(step.cancelled().node)
            raise
        for node in self.record.nodes:
            if node.state == "pending":
                self._finish(node.model_copy(update={"state": "skipped", "reason": "an earlier node failed"}))
        return self.record

    def _run(self, crew: Crew) -> None:
        while True:
            for node in self.record.nodes:
                if self._may_start(node):
                    self._start(crew, node)
            if not self._running:
                return
            self._end(*crew.next())

    def _may_start(self, node: NodeRecord) -> bool:
        waits = {"pending", "running"}
        return (
            node.state == "pending"
            and self._order[node.id] < self._failed
            and not any(self._state(above) in waits for above in self._above[node.id])
            and self._capacity.admits(node.id, self._running)
        )

    def _state(self, node_id: str) -> NodeState:
        return self.record.nodes[self._order[node_id]].state

    def _start(self, crew: Crew, node: NodeRecord) -> None:
        step = Step(self.engine, self.config, self.plan, self.record, node, self._earlier)
        self._running[node.id] = step
        self._save(step.begin().node)
        self.engine.listen(NodeStarted(node.id))
        crew.start(step, self.record)

    def _end(self, step: Step, outcome: Outcome) -> None:
        del self._running[step.node.id]
        place = self._order[step.node.id]
        if outcome.node.state != "failed" or place < self._failed:
            self.record = self.record.model_copy(update=outcome.facts)
        if outcome.node.state == "failed":
            self._failed = min(self._failed, place)
        self._finish(outcome.node)

    def _finish(self, node: NodeRecord) -> None:
        self._save(node)
        self.engine.listen(NodeFinished(node))

    def _save(self, node: NodeRecord) -> None:
        self.record = self.record.with_node(node)
        runs.save(self.engine.root, self.record)
