"""Data that a gate stopped, from the lineage in ML Metadata.

A gate that ends a run publishes no verdict: what it leaves is a failed execution with its inputs.
"""

from collections.abc import Collection, Iterable, Sequence

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import constants

_Execution, _Event = metadata_store_pb2.Execution, metadata_store_pb2.Event
_PASSED = (_Execution.COMPLETE, _Execution.CACHED)
_DATA_KEYS = ("examples", "statistics")
"""The inputs that are the data a node is about. Other data that it is held against has other keys."""


def refused(store: mlmd.MetadataStore, artifacts: Collection[int], gates: Iterable[str]) -> set[int]:
    """Those of `artifacts` whose data one of the gates stopped when it last looked at it.

    Args:
        artifacts: ids of examples and statistics.
        gates: the nodes as the store names them, PIPELINE.NODE.
    """
    stopped = {artifact for gate in gates for artifact in _stopped(store, gate)}
    data = _data(store, artifacts)
    return {artifact for artifact in artifacts if data[artifact] & stopped}


def _stopped(store: mlmd.MetadataStore, gate: str) -> Iterable[int]:
    node = store.get_context_by_type_and_name(constants.NODE_CONTEXT_TYPE_NAME, gate)
    executions = sorted(store.get_executions_by_context(node.id), key=lambda each: each.id) if node else []
    looked_at = {each.id: set[int]() for each in executions}
    for event in _events_of(store, list(looked_at)):
        if event.type == _Event.INPUT:
            looked_at[event.execution_id].add(event.artifact_id)
    data = _data(store, set().union(*looked_at.values()))
    # Later judgements take the place of earlier ones: the schema or the thresholds may have changed since.
    passed = {
        artifact: execution.last_known_state in _PASSED
        for execution in executions
        if execution.last_known_state in (*_PASSED, _Execution.FAILED)
        for seen in looked_at[execution.id]
        for artifact in data[seen]
    }
    return (artifact for artifact, good in passed.items() if not good)


def _data(store: mlmd.MetadataStore, artifacts: Collection[int]) -> dict[int, set[int]]:
    """Each artifact with the statistics and examples that it was made of."""
    found = {artifact: {artifact} for artifact in artifacts}
    newest = {artifact: {artifact} for artifact in artifacts}
    for _ in _DATA_KEYS:  # each is made of the one before it
        made_of = _made_of(store, set().union(*newest.values()))
        newest = {artifact: set().union(*(made_of[each] for each in last)) for artifact, last in newest.items()}
        for artifact, more in newest.items():
            found[artifact] |= more
    return found


def _made_of(store: mlmd.MetadataStore, artifacts: Collection[int]) -> dict[int, set[int]]:
    """The data that each artifact was made of in one step."""
    made = store.get_events_by_artifact_ids(list(artifacts)) if artifacts else []
    results: dict[int, set[int]] = {}
    for event in made:
        if event.type == _Event.OUTPUT:
            results.setdefault(event.execution_id, set()).add(event.artifact_id)
    found = {artifact: set[int]() for artifact in artifacts}
    for event in _events_of(store, list(results)):
        if event.type == _Event.INPUT and event.path.steps[0].key in _DATA_KEYS:
            for artifact in results[event.execution_id]:
                found[artifact].add(event.artifact_id)
    return found


def _events_of(store: mlmd.MetadataStore, executions: Sequence[int]) -> Sequence[metadata_store_pb2.Event]:
    """The store takes no empty list."""
    return store.get_events_by_execution_ids(executions) if executions else []
