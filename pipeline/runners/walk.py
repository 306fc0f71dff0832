"""One run on this machine: its nodes one after another, each change written down before anything else happens."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

from absl import logging as absl_logging
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration.metadata import Metadata
from tfx.proto.orchestration import pipeline_pb2

from components.errors import CrashError
from components.progress import Value
from pipeline import preflight, runs
from pipeline.beam import beam_args
from pipeline.config import Config
from pipeline.connection import connection
from pipeline.layout import Layout
from pipeline.runners import failures, logs, outcome, plan, reasons
from pipeline.runners import ir as irs
from pipeline.runners import store as stores
from pipeline.runners.events import Listener, NodeFinished, NodeProgress, NodeStarted, RunStarted
from pipeline.runners.executor import NodeExecutor
from pipeline.runners.fork_server import ForkServer, Send
from pipeline.runners.node import NodeResult, node_of, run_node
from pipeline.runs import NodeRecord, RunRecord


@dataclasses.dataclass(frozen=True)
class Engine:
    """What the runs of one process share: the store, the fork server (None runs executors here) and the listener."""

    root: str
    connection: metadata_store_pb2.ConnectionConfig
    server: ForkServer | None
    listen: Listener

    def check(self, config: Config) -> None:
        """Refuse what can be known to be wrong before anything runs.

        In a child, because it makes Keras objects: this process must not start TensorFlow, which takes the GPU and
        threads that no fork survives.

        Raises:
            ConfigError: the config names something that does not exist.
        """
        if self.server is None:
            preflight.check(config)
        else:
            self.server.call(_check_without_gpu, config, receive=lambda _: None)


@contextlib.contextmanager
def engine(root: str, in_process: bool, listen: Listener, close: tuple[int, ...]) -> Iterator[Engine]:
    """An engine on `root`, whose lock is held. What a killed run left under way is marked as failed.

    Args:
        close: file descriptors that children must not inherit.
    """
    with contextlib.ExitStack() as stack:
        server = None if in_process else stack.enter_context(ForkServer(close))
        absl_logging.set_verbosity(absl_logging.INFO)
        to_store = connection(root)
        with Metadata(to_store) as store:
            stores.bury_all(store, Layout(root).artifacts)
        yield Engine(root, to_store, server, listen)


def _check_without_gpu(send: Send, config: Config) -> None:
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    preflight.check(config)


class Walk:
    """One attempt at a run."""

    def __init__(self, engine: Engine, config: Config, record: RunRecord, force: tuple[str, ...]) -> None:
        self.engine = engine
        self.config = config
        earlier = reversed(runs.list_runs(engine.root))
        self.history = [r for r in earlier if r.pipeline == record.pipeline and r.id != record.id]
        whole = [r for r in self.history if not r.parent]
        self.plan = plan.make(config, record, force, whole, engine.root, self._is_done)
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
        log = os.path.join(Layout(self.engine.root).logs(self.record.id), f"{node.id}.log")
        node = node.model_copy(update={"state": "running", "log": log})
        fingerprint = self.plan.fingerprints[node.id]
        if node.id not in self.plan.kept:
            reasons.save(self.engine.root, self.record.id, node.id, fingerprint)
        self._save(node)
        self.engine.listen(NodeStarted(node.id))
        executor = self._executor(node)
        started = time.monotonic()
        try:
            with logs.of_thread(log):
                result = run_node(self.plan.placed(node.id), node.id, self.engine.connection, executor.operators)
        except Exception as error:
            self._fail(node, error, time.monotonic() - started)
            return
        except BaseException:
            self._finish(node.model_copy(update={"state": "cancelled", "seconds": time.monotonic() - started}))
            raise
        self._succeed(node, result, time.monotonic() - started, executor.peak_memory)

    def _executor(self, node: NodeRecord) -> NodeExecutor:
        def report(fields: Mapping[str, Value]) -> None:
            self.engine.listen(NodeProgress(node.id, fields))

        gpu = self.config.needs(node.id).gpus > 0
        return NodeExecutor(self.engine.server, self.engine.root, beam_args(self.config.beam), node.log, gpu, report)

    def _fail(self, node: NodeRecord, error: Exception, seconds: float) -> None:
        with open(node.log, "a", encoding="utf-8") as log:
            traceback.print_exception(error, file=log)
        shown = failures.of_exception(error, self.engine.root)
        text = f"{shown}. Log: {node.log}" if isinstance(shown, CrashError) else str(shown)
        self.record = self.record.model_copy(update={"error": f"{node.id}: {text}", "exit_code": int(shown.exit_code)})
        self._finish(node.model_copy(update={"state": "failed", "error": text, "seconds": seconds}))

    def _succeed(self, node: NodeRecord, result: NodeResult, seconds: float, peak_memory: int | None) -> None:
        fingerprint = self.plan.fingerprints[node.id].model_copy(
            update={
                "inputs": {key: tuple(a.id for a in found) for key, found in result.inputs.items()},
                "resolved": {k: str(v) for k, v in result.properties.items() if k != irs.DIGEST},
            }
        )
        if result.state != "kept":
            reasons.save(self.engine.root, self.record.id, node.id, fingerprint)
        if irs.executes(self.plan.ir, node.id):
            self.record = outcome.noted(self.record, result)
        facts: dict[str, Any] = {
            "state": result.state,
            "artifacts": {key: tuple(a.uri for a in found) for key, found in result.outputs.items()},
            "execution": result.execution,
        }
        if result.state != "kept":
            reason = self._reason(node.id, result.state, fingerprint)
            facts.update(seconds=seconds, reason=reason, peak_memory=peak_memory)
        self._finish(node.model_copy(update=facts))

    def _reason(self, node_id: str, state: str, fingerprint: reasons.Fingerprint) -> str:
        if state == "skipped":
            return "its condition does not hold"
        if state == "cached":
            return reasons.of_cached(self.engine.root, self.history, node_id, fingerprint)
        if node_id in self.plan.reasons:
            return self.plan.reasons[node_id]
        if not irs.executes(self.plan.ir, node_id):
            return "looks at the store in every run"
        if not node_of(self.plan.ir, node_id).execution_options.caching_options.enable_cache:
            return "caching is off"
        alike = [r for r in self.history if bool(r.parent) == bool(self.record.parent)]
        if self.record.parent:
            alike = [r for r in alike if r.span == self.config.data.span]
        return reasons.of_run(self.engine.root, alike, node_id, fingerprint)

    def _is_done(self, ir: pipeline_pb2.Pipeline, node_id: str) -> bool:
        with Metadata(self.engine.connection) as store:
            return stores.finished(stores.executions_of(store, node_of(ir, node_id))) is not None

    def _finish(self, node: NodeRecord) -> None:
        self._save(node)
        self.engine.listen(NodeFinished(node))

    def _save(self, node: NodeRecord) -> None:
        self.record = self.record.with_node(node)
        runs.save(self.engine.root, self.record)
