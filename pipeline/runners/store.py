"""What a run asks the metadata store beyond the launcher: is it done, what was left behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import ml_metadata
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import constants
from tfx.orchestration.metadata import Metadata
from tfx.orchestration.portable.mlmd import common_utils, context_lib, execution_lib
from tfx.proto.orchestration import pipeline_pb2

from pipeline.connection import opened as opened_store
from pipeline.layout import Layout
from pipeline.runners import ir as irs

Execution: TypeAlias = metadata_store_pb2.Execution


def opened(connection: metadata_store_pb2.ConnectionConfig) -> Metadata:
    """The store, for a `with` statement."""
    kinds = {"sqlite": _Exclusive, "postgresql": _PostgreSQL}
    return kinds.get(connection.WhichOneof("config"), Metadata)(connection)


class _PostgreSQL(Metadata):
    """A store in PostgreSQL, whose client cannot write all texts."""

    def __enter__(self) -> _PostgreSQL:
        super().__enter__()  # makes a store of its own on each entry, within another one, too
        self._store = opened_store(self.connection_config)
        return self


class _Exclusive(Metadata):
    """A store in a SQLite file, one process at a time: ML Metadata does not wait for a lock that another holds."""

    def __init__(self, connection: metadata_store_pb2.ConnectionConfig) -> None:
        super().__init__(connection)
        self._entered: list[contextlib.ExitStack] = []

    def __enter__(self) -> _Exclusive:
        with contextlib.ExitStack() as stack:
            if not self._entered:
                stack.enter_context(_locked(f"{self.connection_config.sqlite.filename_uri}.lock"))
            super().__enter__()
            self._entered.append(stack.pop_all())
        return self

    def __exit__(self, *exc_info: Any) -> None:
        super().__exit__(*exc_info)
        self._entered.pop().close()


@contextlib.contextmanager
def _locked(path: str) -> Iterator[None]:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def executions_of(store: Metadata, node: pipeline_pb2.PipelineNode) -> list[Execution]:
    """The node's executions in its run (and attempt)."""
    contexts = context_lib.prepare_contexts(store, node.contexts)
    return list(execution_lib.get_executions_associated_with_all_contexts(store, contexts))


def finished(executions: Iterable[Execution]) -> Execution | None:
    """The one that succeeded, if any did."""
    return next((execution for execution in executions if execution_lib.is_execution_successful(execution)), None)


def bury(store: Metadata, executions: Iterable[Execution], artifacts: str) -> None:
    """Mark those that are still under way as failed, and delete what they have written under `artifacts`.

    Call it only where nothing can be under way: the process that ran them is gone.
    """
    dead = [execution for execution in executions if execution_lib.is_execution_active(execution)]
    for execution in dead:
        execution.last_known_state = Execution.FAILED
        for folder in _output_folders(store, execution, artifacts):
            shutil.rmtree(folder, ignore_errors=True)
    if dead:
        store.store.put_executions(dead)


def bury_all(store: Metadata, artifacts: str) -> None:
    """`bury` whatever a killed process left under way in the whole store."""
    query = "last_known_state = RUNNING OR last_known_state = NEW"
    bury(store, store.store.get_executions(ml_metadata.ListOptions(filter_query=query)), artifacts)


def making_types(root: str) -> contextlib.AbstractContextManager[None]:
    """A `with` statement in which nobody else with this root makes types, nor the tables and types of an empty store.

    PostgreSQL lets two who ask at once make a type each (its name is unique only together with its version, which is
    NULL, and NULLs differ there); what is of the one is then not found by those who ask for the other.
    """
    return _locked(f"{Layout(root).store}.types.lock")


def register_types(store: Metadata, ir: pipeline_pb2.Pipeline, root: str) -> None:
    """Make all types that the nodes of `ir` will ask for."""
    with making_types(root):
        for name in (context_lib.CONTEXT_TYPE_EXECUTION_CACHE, irs.ATTEMPT):  # in no node's contexts yet
            common_utils.register_type_if_not_exist(store, metadata_store_pb2.ContextType(name=name))
        for node in (each.pipeline_node for each in ir.nodes):
            common_utils.register_type_if_not_exist(store, node.node_info.type)
            for context in node.contexts.contexts:
                common_utils.register_type_if_not_exist(store, context.type)
            for output in node.outputs.outputs.values():
                common_utils.register_type_if_not_exist(store, output.artifact_spec.type)


def bury_run(store: Metadata, run_id: str, artifacts: str) -> None:
    """`bury` whatever an earlier job left under way in a run that another one goes on with."""
    context = store.store.get_context_by_type_and_name(constants.PIPELINE_RUN_CONTEXT_TYPE_NAME, run_id)
    if context:
        bury(store, store.store.get_executions_by_context(context.id), artifacts)


def _output_folders(store: Metadata, execution: Execution, artifacts: str) -> list[str]:
    """The launcher puts outputs into NODE/KEY/EXECUTION and its own files into NODE/.system/…/EXECUTION."""
    node_type = store.store.get_context_type(constants.NODE_CONTEXT_TYPE_NAME).id
    found = []
    for context in store.store.get_contexts_by_execution(execution.id):
        if context.type_id == node_type:
            node_folder = os.path.join(artifacts, context.name.partition(".")[2])
            with contextlib.suppress(FileNotFoundError):
                keys = [*os.listdir(node_folder), os.path.join(".system", "executor_execution")]
                found += [os.path.join(node_folder, key, str(execution.id)) for key in keys]
    return found
