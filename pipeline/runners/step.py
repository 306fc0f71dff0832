"""One node of a planned run: what is written down before and after it, and what it comes to."""

from __future__ import annotations

import datetime
import os
import time
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from components.errors import CrashError
from components.progress import Value
from pipeline import beam
from pipeline.config import Config
from pipeline.layout import Layout
from pipeline.runners import failures, logs, outcome, reasons
from pipeline.runners import ir as irs
from pipeline.runners.engine import Engine
from pipeline.runners.events import NodeProgress
from pipeline.runners.executor import NodeExecutor
from pipeline.runners.node import NodeResult, node_of, run_node
from pipeline.runners.plan import Plan
from pipeline.runs import NodeRecord, Outcome, RunRecord


class Step:
    """One node of a run."""

    def __init__(
        self,
        engine: Engine,
        config: Config,
        plan: Plan,
        record: RunRecord,
        node: NodeRecord,
        earlier: Sequence[RunRecord],
    ) -> None:
        """Args:
        record: of the run, as it was planned.
        node: of the plan, "pending".
        earlier: runs of the pipeline, newest first.
        """
        self.engine = engine
        self.config = config
        self.plan = plan
        self.run = record
        self._earlier = earlier
        log = os.path.join(Layout(engine.root).logs(record.id), f"{node.id}.log")
        self.node = node.model_copy(update={"state": "running", "log": log})
        self.fingerprint = plan.fingerprints[node.id]
        self.started = time.monotonic()

    def begin(self) -> Outcome:
        """Write down what it depends on. Returns what it is for now: running."""
        if self.node.id not in self.plan.kept:
            reasons.save(self.engine.root, self.run.id, self.node.id, self.fingerprint)
        return self._outcome()

    def finish(self, facts: RunRecord) -> Outcome:
        """Run it.

        Args:
            facts: the run's record so far.

        Raises:
            BaseException: it was interrupted; an Exception becomes a failed node.
        """
        executor = self._executor()
        try:
            with logs.of_thread(self.node.log):
                placed = self.plan.placed(self.node.id)
                result = run_node(placed, self.node.id, self.engine.connection, executor.operators)
        except Exception as error:
            return self._failed(error)
        return self._succeeded(result, executor, facts)

    def cancelled(self) -> Outcome:
        """What an interrupt makes of it."""
        return self._outcome({"state": "cancelled", "seconds": self._seconds()})

    def _outcome(self, node: Mapping[str, Any] | None = None, facts: Mapping[str, Any] | None = None) -> Outcome:
        return Outcome(
            node=self.node.model_copy(update=dict(node or {})),
            attempt=self.run.attempt,
            facts=dict(facts or {}),
            at=datetime.datetime.now(datetime.timezone.utc),
        )

    def _seconds(self) -> float:
        return time.monotonic() - self.started

    def _executor(self) -> NodeExecutor:
        def report(fields: Mapping[str, Value]) -> None:
            self.engine.listen(NodeProgress(self.node.id, fields))

        gpu = bool(self.config.needs(self.node.id).gpus)
        log = self.node.log if self.engine.logs else None
        pipelines = beam.of_node(self.config, self.node.id, f"{self.run.id}-{self.run.key}")
        return NodeExecutor(self.engine.server, self.engine.root, pipelines, log, gpu, report)

    def _failed(self, error: Exception) -> Outcome:
        with open(self.node.log, "a", encoding="utf-8") as log:
            traceback.print_exception(error, file=log)
        shown = failures.of_exception(error, self.engine.root)
        text = f"{shown}. Log: {self.node.log}" if isinstance(shown, CrashError) else str(shown)
        return self._outcome(
            {"state": "failed", "error": text, "seconds": self._seconds()},
            {"error": f"{self.node.id}: {text}", "exit_code": int(shown.exit_code)},
        )

    def _succeeded(self, result: NodeResult, executor: NodeExecutor, facts: RunRecord) -> Outcome:
        fingerprint = self.fingerprint.model_copy(
            update={
                "inputs": {key: tuple(a.id for a in found) for key, found in result.inputs.items()},
                "resolved": {k: str(v) for k, v in result.properties.items() if k != irs.DIGEST},
            }
        )
        node: dict[str, Any] = {
            "state": result.state,
            "artifacts": {key: tuple(a.uri for a in found) for key, found in result.outputs.items()},
            "execution": result.execution,
        }
        if result.state != "kept":
            reasons.save(self.engine.root, self.run.id, self.node.id, fingerprint)
            reason = self._reason(result.state, fingerprint)
            # What all nodes import is not the time of the one for which it was imported.
            node.update(seconds=self._seconds() - executor.waited, reason=reason)
            node.update(executor.usage._asdict() if executor.usage else {})
        executes = irs.executes(self.plan.ir, self.node.id)
        return self._outcome(node, outcome.noted(facts, result) if executes else {})

    def _reason(self, state: str, fingerprint: reasons.Fingerprint) -> str:
        if state == "skipped":
            return "its condition does not hold"
        if state == "cached":
            return reasons.of_cached(self.engine.root, self._earlier, self.node.id, fingerprint)
        if self.node.id in self.plan.reasons:
            return self.plan.reasons[self.node.id]
        if not irs.executes(self.plan.ir, self.node.id):
            return "looks at the store in every run"
        if not node_of(self.plan.ir, self.node.id).execution_options.caching_options.enable_cache:
            return "caching is off"
        alike = [r for r in self._earlier if bool(r.parent) == bool(self.run.parent)]
        if self.run.parent:
            alike = [r for r in alike if r.span == self.config.data.span]
        return reasons.of_run(self.engine.root, alike, self.node.id, fingerprint)
