"""What `prune` removes: runs that are old, and of artifacts what no run that stays, and no model, needs."""

from __future__ import annotations

import datetime
import os
import shutil
from collections.abc import Iterable, Iterator

import ml_metadata
import pydantic
from ml_metadata.proto import metadata_store_pb2

from pipeline import connection, runs
from pipeline.layout import Layout
from pipeline.runners import lock
from pipeline.runs import RunRecord


class Pruned(pydantic.BaseModel, frozen=True):
    """What `prune` removed, or would remove."""

    runs: tuple[str, ...]
    paths: tuple[str, ...]
    bytes: int


def prune(root: str, keep_runs: int, older_than: datetime.timedelta, dry_run: bool = True) -> Pruned:
    """Remove runs beyond the latest `keep_runs` that are older than `older_than`, with what only they need.

    A blessed or pushed model, what made it and what judged it, stay. With `dry_run` nothing is removed.
    """
    layout = Layout(root)
    with lock.hold(root, wait=False, tell=lambda _: None):
        records = runs.list_runs(root)
        before = datetime.datetime.now(datetime.timezone.utc) - older_than
        old = _old(root, records, keep_runs, before)
        store = connection.store(root) if connection.exists(root) else None
        needed = _uris(record for record in records if record not in old) | _uris(_latest_blessed(records))
        needed |= _models(store) if store else set()
        artifacts = {uri for uri in _uris(old) - needed if _inside(uri, layout.artifacts) and os.path.exists(uri)}
        gone = [record for record in old if not (record.blessed or record.pushed)]
        folders = {layout.run(record.id) for record in gone} | {layout.checkpoints(record.id) for record in old}
        paths = tuple(sorted(artifacts | {f for f in folders if os.path.exists(f)} | set(_of_beam(layout, before))))
        pruned = Pruned(runs=tuple(record.id for record in gone), paths=paths, bytes=sum(map(_size, paths)))
        if not dry_run:
            _remove(store, artifacts, paths)
        return pruned


def _old(root: str, records: tuple[RunRecord, ...], keep_runs: int, before: datetime.datetime) -> list[RunRecord]:
    """The runs to prune; a run of an earlier span goes with the one it was made for.

    One on a cluster that has not been heard of for so long was lost.
    """
    main = [record for record in records if not record.parent]
    latest = {record.id for record in main[max(0, len(main) - keep_runs) :]}
    young = {record.id for record in main if _young(root, record, before)}
    return [record for record in records if (record.parent or record.id) not in latest | young]


def _young(root: str, record: RunRecord, before: datetime.datetime) -> bool:
    if record.state == "running":
        return not record.process.startswith(runs.JOB) or runs.heard_of(root, record) >= before
    return record.started >= before


def _of_beam(layout: Layout, before: datetime.datetime) -> Iterator[str]:
    """What Beam jobs brought to their workers, and nobody took away again."""
    for folder in (layout.beam, layout.code):
        for entry in os.scandir(folder) if os.path.isdir(folder) else ():
            if entry.is_dir() and entry.path != layout.code and entry.stat().st_mtime < before.timestamp():
                yield entry.path


def _latest_blessed(records: tuple[RunRecord, ...]) -> list[RunRecord]:
    """Of each pipeline the latest run whose model was blessed: the next run's baseline."""
    return list({record.pipeline: record for record in records if record.blessed}.values())


def _uris(records: Iterable[RunRecord]) -> set[str]:
    return {uri for record in records for node in record.nodes for uris in node.artifacts.values() for uri in uris}


def _inside(uri: str, folder: str) -> bool:
    return os.path.normpath(uri).startswith(folder + os.sep)


def _models(store: ml_metadata.MetadataStore) -> set[str]:
    """The URIs of all models that were blessed or pushed, and of the artifacts that say so."""
    signs = [
        artifact for artifact in _of_type(store, "ModelBlessing") if artifact.custom_properties["blessed"].int_value
    ]
    signs += [a for a in _of_type(store, "PushedModel") if a.custom_properties["pushed_destination"].string_value]
    made = store.get_events_by_artifact_ids([sign.id for sign in signs]) if signs else []
    makers = {event.execution_id for event in made if event.type == metadata_store_pb2.Event.OUTPUT}
    read = store.get_events_by_execution_ids(makers) if makers else []
    models = {event.artifact_id for event in read if event.type == metadata_store_pb2.Event.INPUT}
    of_type = {artifact.id: artifact.uri for artifact in _of_type(store, "Model")}
    return {sign.uri for sign in signs} | {uri for key, uri in of_type.items() if key in models}


def _of_type(store: ml_metadata.MetadataStore, name: str) -> list[metadata_store_pb2.Artifact]:
    known = {kind.name for kind in store.get_artifact_types()}
    return list(store.get_artifacts_by_type(name)) if name in known else []


def _remove(store: ml_metadata.MetadataStore | None, artifacts: set[str], paths: tuple[str, ...]) -> None:
    """The store forgets an artifact before its files go, so that no run can be killed into using half of one."""
    if store:
        known = [artifact for uri in artifacts for artifact in store.get_artifacts_by_uri(uri)]
        for artifact in known:
            artifact.state = metadata_store_pb2.Artifact.DELETED
        if known:
            store.put_artifacts(known)
    for path in paths:
        shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)


def _size(path: str) -> int:
    if not os.path.isdir(path):
        return os.path.getsize(path)
    return sum(os.lstat(os.path.join(at, name)).st_size for at, _, names in os.walk(path) for name in names)
