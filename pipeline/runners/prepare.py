"""What must be there before the nodes of a run on a cluster: its plan, its record, and the earlier spans it needs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from components.errors import ConfigError, of_code
from pipeline import runs
from pipeline.config import Config
from pipeline.layout import Layout
from pipeline.runners import attempts, backfill, plan, storage, walk
from pipeline.runners import ir as irs
from pipeline.runners import store as stores
from pipeline.runners.engine import Engine
from pipeline.runners.events import RunStarted
from pipeline.runners.plan import Plan
from pipeline.runners.task import Place
from pipeline.runs import RunRecord


def run(engine: Engine, place: Place, config: Config, upstream: Mapping[str, Sequence[str]]) -> None:
    """Leave the plan and the record of the run, or of the next attempt at it, under the root.

    Args:
        upstream: each node's direct predecessors, as the platform knows them.

    Raises:
        MillraceError: storage or store cannot be used, or the run not be planned, or an earlier span not be ingested.
    """
    storage.check(place.root)
    before = _before(place)
    job = f"{runs.JOB}{place.job}"
    if before and before.process == job:
        return  # this container was tried again after it was through
    if before:
        # A complete one, too: the platform may have lost the container that completed it.
        attempts.check_resumable(before, config, "run_id")
    record = attempts.after(before, config, job) if before else attempts.called(place.run, config, job)
    os.makedirs(Layout(place.root).logs(place.run), exist_ok=True)
    walk.bury_run(engine, place.run)
    planned = walk.planned(engine, config, record, (), runs.earlier(place.root, record))
    _check_shape(upstream, planned)
    if not engine.connection.HasField("sqlite"):
        with stores.opened(engine.connection) as store:
            stores.register_types(store, planned.ir, place.root)
    failed = backfill.ingest(engine, config, planned, record)
    if failed:
        raise of_code(int(failed["exit_code"]), str(failed["error"]))
    plan.save(planned, place.root, place.run)
    update = {"nodes": planned.nodes, "upstream": {node: tuple(above) for node, above in upstream.items()}}
    runs.save(place.root, record.model_copy(update={**update, **planned.borrowed}))
    engine.listen(RunStarted(place.run, irs.node_ids(planned.ir), Layout(place.root).logs(place.run)))


def _before(place: Place) -> RunRecord | None:
    if not os.path.exists(Layout(place.root).record(place.run)):
        return None
    return runs.load_run(place.root, place.run)


def _check_shape(upstream: Mapping[str, Sequence[str]], planned: Plan) -> None:
    """The DAG of the platform is fixed: no parameter may change which nodes there are."""
    now = {node: tuple(sorted(above)) for node, above in irs.upstream(planned.ir).items()}
    if now != {node: tuple(above) for node, above in upstream.items()}:
        differing = sorted(now.keys() ^ upstream.keys()) or [node for node in now if now[node] != tuple(upstream[node])]
        raise ConfigError(
            f"the parameters change the graph at {', '.join(differing)}, and that is fixed once it is compiled: "
            "compile again with --set"
        )
