"""Making the plan of a run: which nodes, in which order, what is there already and where."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Mapping

from tfx.proto.orchestration import pipeline_pb2

from components.errors import CrashError, InputError, close_matches
from pipeline import digests
from pipeline.config import Config
from pipeline.digests import Sources
from pipeline.layout import Layout
from pipeline.runners import ir as irs
from pipeline.runners import reasons
from pipeline.runners.compiled import Compiled
from pipeline.runners.plan import Plan
from pipeline.runners.reasons import Fingerprint
from pipeline.runs import Home, NodeRecord, RunRecord

_RESUMED = {
    "pending": "resumed: it had not been started",
    "skipped": "resumed: it had not been started",
    "failed": "resumed: it had failed",
    "running": "resumed: it had been interrupted",
    "cancelled": "resumed: it had been interrupted",
}
IsDone = Callable[[pipeline_pb2.Pipeline, str], bool]


def make(
    config: Config,
    compiled: Compiled,
    sources: Sources,
    record: RunRecord,
    force: Collection[str],
    history: list[RunRecord],
    root: str,
    is_done: IsDone,
) -> Plan:
    """Plan the next attempt at `record`.

    Args:
        compiled: of `config`.
        sources: of its project.
        record: new, or with the nodes of the attempt before.
        history: finished and failed runs of the pipeline, newest first.
        is_done: whether the store has a successful execution of a node placed in an IR.

    Raises:
        InputError: a node's name is wrong, or a partial run needs outputs that no run has.
    """
    above, ids = irs.upstream(compiled.ir), irs.node_ids(compiled.ir)
    asked = {"--from": [record.first], "--to": [record.last], "--force": force, "resources:": config.resources}
    _check_names(ids, asked)
    fingerprints = _fingerprints(compiled, sources)
    ir = _of_run(compiled.ir, record.id, root, fingerprints, force)
    selected = _selected(ids, above, record)
    source, base = _borrowed(irs.reaching(above, selected) - selected, history, record)
    attempt = _Attempt(ir, record, root, force, is_done)
    attempt.homes.update({node_id: node.home for node_id, node in base.items()})
    for node_id in ids:
        old = record.node(node_id)
        if old and node_id in selected:
            attempt.take_up(old, fingerprints[node_id], above[node_id] & selected)
    nodes = tuple(
        base.get(node_id) or attempt.start(record.node(node_id), node_id, node_id in selected) for node_id in ids
    )
    # Nodes that are done again, or that this attempt keeps, give their own blessing and span.
    borrowed: dict[str, object] = {
        "blessed": source.blessed if base.keys() & irs.makers_of(ir, "ModelBlessing") else None,
        "span": source.span if base else None,
    }
    return Plan(
        ir=ir,
        nodes=nodes,
        kept=frozenset(attempt.kept),
        fingerprints=fingerprints,
        reasons=attempt.reasons,
        borrowed=borrowed,
        earlier_spans=compiled.earlier_spans,
    )


class _Attempt:
    """The next attempt at a run: what is kept of those before, and why the rest is done again.

    Attributes:
        homes: of each node in the attempt to come.
        kept: nodes that are done.
        reasons: why others must run.
    """

    def __init__(
        self, ir: pipeline_pb2.Pipeline, record: RunRecord, root: str, force: Collection[str], is_done: IsDone
    ) -> None:
        self.homes = {node_id: Home(run=record.id, attempt=record.attempt) for node_id in irs.node_ids(ir)}
        self.kept: set[str] = set()
        self.reasons = dict.fromkeys(force, "--force")
        self._ir = ir
        self._root = root
        self._run = record.id
        self._forced = frozenset(force)
        self._is_done = is_done

    def take_up(self, old: NodeRecord, new: Fingerprint, above: frozenset[str]) -> None:
        """Keep a node, or say why it is done again, and do away with its checkpoints where they are of something else.

        Args:
            old: as the attempt before has left it.
            above: the nodes that it reads from and that this run does; they were taken up before.
        """
        changed = _changed(self._root, self._run, old.id, new, above - self.kept)
        if changed or old.id in self._forced:
            shutil.rmtree(os.path.join(Layout(self._root).checkpoints(self._run), old.id), ignore_errors=True)
            begun = old.state not in ("pending", "skipped")
            self.reasons.setdefault(old.id, changed if begun else _RESUMED[old.state])
        elif self._is_done(irs.placed(self._ir, old.id, {**self.homes, old.id: old.home}), old.id):
            self.homes[old.id] = old.home
            self.kept.add(old.id)
        else:
            self.reasons[old.id] = _RESUMED.get(old.state, "its outputs are gone")

    def start(self, old: NodeRecord | None, node_id: str, selected: bool) -> NodeRecord:
        """The record of a node at the start of the attempt."""
        home = self.homes[node_id]
        if not selected:
            return NodeRecord(id=node_id, state="skipped", reason="left out by --from or --to", home=home)
        if old and node_id in self.kept:
            return old.model_copy(update={"state": "pending", "reason": "done before this run was resumed"})
        return NodeRecord(id=node_id, home=home)


def _of_run(
    compiled: pipeline_pb2.Pipeline,
    run_id: str,
    root: str,
    fingerprints: Mapping[str, Fingerprint],
    uncached: Collection[str],
) -> pipeline_pb2.Pipeline:
    """A copy of the IR that is of one run."""
    ir = pipeline_pb2.Pipeline()
    ir.CopyFrom(compiled)
    sources = {node_id: digests.combined(found.sources) for node_id, found in fingerprints.items()}
    irs.for_run(ir, run_id, Layout(root).artifacts, sources, uncached)
    return ir


def _fingerprints(compiled: Compiled, sources: Sources) -> dict[str, Fingerprint]:
    code, files, settings = compiled.user_code, compiled.data_files, irs.settings(compiled.ir)
    if strangers := (code.keys() | files.keys()) - settings.keys():
        raise CrashError(
            f"pipeline/dependencies.py speaks of {', '.join(sorted(strangers))}, but there is no such node"
        )
    libraries = digests.libraries()
    found = {}
    for node_id, modules in irs.modules(compiled.ir).items():
        of_node = dict(libraries)
        for module in modules:
            of_node.update(sources.of_module(module))
        for reference in code.get(node_id, ()):
            of_node.update(sources.of_reference(reference))
        for path in files.get(node_id, ()):
            of_node.update(sources.of_file(path))
        found[node_id] = Fingerprint(sources=of_node, settings=settings[node_id])
    return found


def _changed(root: str, run_id: str, node_id: str, new: Fingerprint, redone: Collection[str]) -> str:
    """Why a node that an earlier attempt may have done can't be kept; empty where it can."""
    old = reasons.load(root, run_id, node_id)
    changed = reasons.changes(old.static(), new) if old else ""
    return changed or (f"what it reads from {', '.join(sorted(redone))} is new" if redone else "")


def _selected(ids: tuple[str, ...], above: Mapping[str, Collection[str]], record: RunRecord) -> frozenset[str]:
    """The nodes between --from and --to."""
    before = irs.reaching(above, [record.last] if record.last else ids)
    after = irs.reaching(irs.reversed_edges(above), [record.first] if record.first else ids)
    if not before & after:
        raise InputError(f"--from {record.first} --to {record.last}: no node lies between them")
    return before & after


def _borrowed(
    needed: frozenset[str], history: list[RunRecord], record: RunRecord
) -> tuple[RunRecord, dict[str, NodeRecord]]:
    """The latest run that has the outputs a partial run needs (on resume, the same as before), and its nodes."""
    for source in [record, *history]:
        found = {node.id: node for node in source.nodes if node.id in needed and node.done}
        if len(found) == len(needed):
            note = {"state": "kept", "seconds": 0.0, "reason": f"outputs of run {source.id}"}
            mine = source is record
            return source, {key: node if mine else node.model_copy(update=note) for key, node in found.items()}
    raise InputError(
        f"--from {record.first} needs the outputs of {', '.join(sorted(needed))}, but no earlier run has them all. "
        "Run the whole pipeline first"
    )


def _check_names(ids: tuple[str, ...], flags: Mapping[str, Collection[str | None]]) -> None:
    for flag, names in flags.items():
        for name in names:
            if name is not None and name not in ids:
                hint = close_matches(name, ids)
                raise InputError(f"{flag} {name}: there is no such node.{hint} Nodes: {', '.join(ids)}")
