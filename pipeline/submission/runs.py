"""Runs of an uploaded version: started, and gone on with."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Mapping
from typing import Any

from components.errors import InputError
from pipeline.kubeflow.parameters import RUN_ID
from pipeline.submission.access import Client
from pipeline.submission.transport import CallError, told_id
from pipeline.submission.upload import Version, agreed, equals, silently

SUCCEEDED = "SUCCEEDED"
ENDED = frozenset({SUCCEEDED, "FAILED", "CANCELED", "SKIPPED"})
"""States that a run stays in."""


@dataclasses.dataclass(frozen=True)
class Order:
    """What is run: enough to do it again under the same id of ours."""

    name: str
    version: Version
    experiment_id: str
    parameters: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Run:
    """A run as KFP and as its own root know it.

    Attributes:
        id: KFP's id of it.
        goes_as: the id under which the root keeps it: that of the first run, if it goes on with one.
    """

    id: str
    goes_as: str
    order: Order


def experiment(client: Client, name: str) -> str:
    """The id of the experiment of that name, made if there is none."""
    namespace = client.get_user_namespace() or None
    made = agreed(lambda: silently(client.create_experiment, name, namespace=namespace))
    return told_id(made.experiment_id, "experiment")


def start(client: Client, order: Order) -> Run:
    """Run it now."""
    return _started(client, order, f"{order.name} {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M:%S}")


def _started(client: Client, order: Order, name: str) -> Run:
    run = silently(
        client.run_pipeline,
        order.experiment_id,
        name,
        params=dict(order.parameters),
        pipeline_id=order.version.pipeline_id,
        version_id=order.version.version_id,
    )
    run_id = told_id(run.run_id, "run")
    # Without the parameter the compiled file takes the job's uuid, which is this id.
    return Run(run_id, str(order.parameters.get(RUN_ID) or run_id), order)


def again(client: Client, run: Run) -> Run:
    """Go on with `run` in a new one, under the same id of ours; called again, in the same new one.

    Of a call that was not answered nobody knows whether KFP has done what it asks, and two jobs must not share an id
    of ours. So the new run's name tells which one it goes on with, and is looked for first.
    """
    order = dataclasses.replace(run.order, parameters={**run.order.parameters, RUN_ID: run.goes_as})
    name = f"{order.name} after {run.id}"
    found = client.list_runs(experiment_id=order.experiment_id, filter=equals(name)).runs or ()
    made = next((each for each in found if each.display_name == name), None)
    return Run(told_id(made.run_id, "run"), run.goes_as, order) if made else _started(client, order, name)


@dataclasses.dataclass(frozen=True)
class Earlier:
    """A run to go on with."""

    run: Run
    state: str

    @property
    def ended(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.state in ENDED


def id_of(text: str) -> str:
    """The run that is meant, by its id or by a link to it.

    Raises:
        InputError: it is neither.
    """
    found = re.fullmatch(r"(?:\S*/)?([\w-]+)/?(?:\?\S*)?", text)
    if not found:
        raise InputError(f"--resume {text!r}: write the id of a run in KFP, or the link to it")
    return found[1]


def find(client: Client, run_id: str, name: str) -> Earlier:
    """The run of that id of KFP's, of the pipeline of that name.

    Raises:
        InputError: there is none, or it is of another pipeline.
    """
    try:
        found = client.get_run(run_id)
    except CallError as error:
        if error.status != 404:
            raise
        raise InputError(
            f"--resume {run_id}: {client.host} knows no such run. It is the last part of the link to a run; one of "
            f"another KFP, or that was deleted there, goes on with --param {RUN_ID}={run_id}"
        ) from None
    reference = found.pipeline_version_reference
    if reference:
        _check_pipeline(client, run_id, reference.pipeline_id, name)
    config = found.runtime_config
    parameters: dict[str, Any] = dict((config.parameters if config else None) or {})
    version = Version(reference.pipeline_id, reference.pipeline_version_id) if reference else Version("", "")
    order = Order(name, version, str(found.experiment_id), parameters)
    return Earlier(Run(str(found.run_id), str(parameters.get(RUN_ID) or found.run_id), order), str(found.state))


def _check_pipeline(client: Client, run_id: str, pipeline_id: str, name: str) -> None:
    """By the name, as a pipeline that was deleted and uploaded again has another id: of such a run its root knows."""
    try:
        found = str(client.get_pipeline(pipeline_id).display_name)
    except CallError as error:
        if error.status != 404:
            raise
        return
    if found != name:
        raise InputError(f"--resume {run_id}: it is a run of {found}, not of {name}")


def resumed(earlier: Run, fresh: Order, defined: Mapping[str, Any]) -> Order:
    """`fresh` under the id of `earlier`, with its parameters where `fresh` says nothing."""
    kept = {name: value for name, value in earlier.order.parameters.items() if name in defined}
    return dataclasses.replace(fresh, parameters={**kept, **fresh.parameters, RUN_ID: earlier.goes_as})
