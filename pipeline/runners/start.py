"""The first task of a run on a cluster: it checks what can be checked, plans the run, and ingests earlier spans."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from components.errors import ConfigError, InputError, of_code
from pipeline import runs
from pipeline.config.embedded import Embedded, versions
from pipeline.config.load import override
from pipeline.layout import Layout
from pipeline.runners import attempts, backfill, plan, storage, walk
from pipeline.runners import ir as irs
from pipeline.runners import store as stores
from pipeline.runners.events import Listener, RunStarted
from pipeline.runners.plan import Plan
from pipeline.runners.step import Engine
from pipeline.runners.task import Place
from pipeline.runs import RunRecord


def start(place: Place, given: Embedded, settings: Sequence[str], listen: Listener) -> None:
    """Leave the plan and the record of the run, or of the next attempt at it, under the root.

    Args:
        settings: FIELD=VALUE of the run's parameters.

    Raises:
        MillraceError: the run cannot be started, or an earlier span not be ingested.
    """
    _check_versions(given.versions)
    config = override(given.config, settings).model_copy(update={"root": place.root})
    storage.check(place.root)
    before = _before(place)
    job = f"{runs.JOB}{place.job}"
    if before and before.process == job:
        return  # this container was tried again after it was through
    if before and before.pipeline != config.name:
        raise InputError(f"run_id {place.run}: it is a run of {before.pipeline}, not of {config.name}")
    record = attempts.after(before, config, job) if before else attempts.called(place.run, config, job)
    os.makedirs(Layout(place.root).logs(place.run), exist_ok=True)
    with walk.engine(place.root, in_process=False, listen=listen) as engine:
        if before:
            _bury(engine, place)
        walk.check(engine, config)
        planned = walk.planned(engine, config, record, ())
        _check_shape(given.upstream, planned)
        if not engine.connection.HasField("sqlite"):
            with stores.opened(engine.connection) as store:
                stores.register_types(store, planned.ir, place.root)
        failed = backfill.ingest(engine, config, record)
    if failed:
        raise of_code(int(failed["exit_code"]), str(failed["error"]))
    plan.save(planned, place.root, place.run)
    runs.save(place.root, record.model_copy(update={"nodes": planned.nodes, **planned.borrowed}))
    listen(RunStarted(place.run, irs.node_ids(planned.ir), Layout(place.root).logs(place.run)))


def _before(place: Place) -> RunRecord | None:
    if not os.path.exists(Layout(place.root).record(place.run)):
        return None
    return runs.load_run(place.root, place.run)


def _bury(engine: Engine, place: Place) -> None:
    with stores.opened(engine.connection) as store:
        stores.bury_run(store, place.run, Layout(place.root).artifacts)


def _check_versions(compiled_with: Mapping[str, str]) -> None:
    here = versions()
    found = {name: here.get(name) for name in compiled_with}
    if found != compiled_with:
        differing = [
            f"{name} {each} (here {found[name]})" for name, each in compiled_with.items() if each != found[name]
        ]
        raise InputError(
            f"this pipeline was compiled with {', '.join(differing)}: compile it with the version that is in the "
            "image, or build the image anew"
        )


def _check_shape(upstream: Mapping[str, Sequence[str]], planned: Plan) -> None:
    """The DAG of the platform is fixed: no parameter may change which nodes there are."""
    now = {node: tuple(sorted(above)) for node, above in irs.upstream(planned.ir).items()}
    if now != {node: tuple(above) for node, above in upstream.items()}:
        differing = sorted(now.keys() ^ upstream.keys()) or [node for node in now if now[node] != tuple(upstream[node])]
        raise ConfigError(
            f"the parameters change the graph at {', '.join(differing)}, and that is fixed once it is compiled: "
            "compile again with --set"
        )
