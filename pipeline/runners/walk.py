"""One run on this machine: its nodes one after another, each change written down before anything else happens."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from absl import logging as absl_logging
from tfx.proto.orchestration import pipeline_pb2

from pipeline import preflight, runs
from pipeline.config import Config
from pipeline.connection import connection
from pipeline.layout import Layout
from pipeline.runners import planning
from pipeline.runners import store as stores
from pipeline.runners.events import Listener, NodeFinished, NodeStarted, RunStarted
from pipeline.runners.fork_server import ForkServer, Send
from pipeline.runners.node import node_of
from pipeline.runners.plan import Plan
from pipeline.runners.step import Engine, Step
from pipeline.runs import NodeRecord, RunRecord


@contextlib.contextmanager
def engine(root: str, in_process: bool, listen: Listener, close: tuple[int, ...] = ()) -> Iterator[Engine]:
    """An engine whose executors are forked from this process.

    Args:
        close: file descriptors that children must not inherit.
    """
    with contextlib.ExitStack() as stack:
        server = None if in_process else stack.enter_context(ForkServer(close))
        absl_logging.set_verbosity(absl_logging.INFO)
        yield Engine(root, connection(root), server, listen)


def bury(engine: Engine, run_id: str) -> None:
    """Mark as failed what killed processes left under way.

    Of all runs where the store is the root's own file, which we hold locked; of this one where it is on a server, which
    others may be using.
    """
    with stores.opened(engine.connection) as store:
        if engine.connection.HasField("sqlite"):
            stores.bury_all(store, Layout(engine.root).artifacts)
        else:
            stores.bury_run(store, run_id, Layout(engine.root).artifacts)


def check(engine: Engine, config: Config) -> None:
    """Refuse what can be known to be wrong before anything runs.

    In a child, because it makes Keras objects: this process must not start TensorFlow, which takes the GPU and
    threads that no fork survives.

    Raises:
        ConfigError: the config names something that does not exist.
    """
    if engine.server is None:
        preflight.check(config)
    else:
        engine.server.call(_check_without_gpu, config, receive=lambda _: None)


def _check_without_gpu(send: Send, config: Config) -> None:
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    preflight.check(config)


def planned(engine: Engine, config: Config, record: RunRecord, force: tuple[str, ...]) -> Plan:
    """The plan of the next attempt at `record`."""
    whole = [each for each in runs.earlier(engine.root, record) if not each.parent]

    def is_done(ir: pipeline_pb2.Pipeline, node_id: str) -> bool:
        with stores.opened(engine.connection) as store:
            return stores.finished(stores.executions_of(store, node_of(ir, node_id))) is not None

    return planning.make(config, record, force, whole, engine.root, is_done)


class Walk:
    """One attempt at a run."""

    def __init__(self, engine: Engine, config: Config, record: RunRecord, force: tuple[str, ...]) -> None:
        self.engine = engine
        self.config = config
        self.plan = planned(engine, config, record, force)
        self.record = record.model_copy(update={"nodes": self.plan.nodes, **self.plan.borrowed})

    def __call__(self) -> RunRecord:
        """Run all nodes, up to the first that fails."""
        runs.save(self.engine.root, self.record)
        ids = tuple(node.id for node in self.record.nodes if node.state != "skipped")
        self.engine.listen(RunStarted(self.record.id, ids, Layout(self.engine.root).logs(self.record.id)))
        for node in self.record.nodes:
            if node.done:
                self.engine.listen(NodeFinished(node))
            elif node.state != "pending":
                continue  # left out by --from or --to
            elif self.record.error:
                self._finish(node.model_copy(update={"state": "skipped", "reason": "an earlier node failed"}))
            else:
                self._node(node)
        return self.record

    def _node(self, node: NodeRecord) -> None:
        step = Step(self.engine, self.config, self.plan, self.record, node)
        self._save(step.begin().node)
        self.engine.listen(NodeStarted(node.id))
        try:
            outcome = step.finish(self.record)
        except BaseException:
            self._finish(step.cancelled().node)
            raise
        self.record = self.record.model_copy(update=outcome.facts)
        self._finish(outcome.node)

    def _finish(self, node: NodeRecord) -> None:
        self._save(node)
        self.engine.listen(NodeFinished(node))

    def _save(self, node: NodeRecord) -> None:
        self.record = self.record.with_node(node)
        runs.save(self.engine.root, self.record)
