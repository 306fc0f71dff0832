"""Submitting, from end to end: a pipeline becomes a run, or a schedule, that can be waited for."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import shlex
import time
from collections.abc import Iterator, Mapping
from typing import Any, Union

from components.errors import ExitCode, InputError, MillraceError
from pipeline import runs as records
from pipeline.kubeflow.parameters import RUN_ID
from pipeline.runners.events import Listener, Message
from pipeline.submission import ending, images, parameters, runs
from pipeline.submission.access import Client, connect
from pipeline.submission.asked import Asked
from pipeline.submission.cron import with_seconds
from pipeline.submission.ending import Ending
from pipeline.submission.package import Draft, Package
from pipeline.submission.runs import Earlier, Order, Run
from pipeline.submission.schedule import schedule
from pipeline.submission.upload import upload
from pipeline.submission.watch import STUCK, Patience, Watch, patiently, wait


def submit(draft: Draft, asked: Asked, tell: Listener) -> ExitCode:
    """Submit a pipeline. It is compiled once nothing else is known to be wrong.

    Raises:
        InputError: something about it is wrong; nothing runs.
    """
    given = parameters.read(asked.settings, draft.parameters)
    cron = with_seconds(asked.cron) if asked.cron else None
    _check_run_id(given, cron)
    draft.check(given)
    client = connect(asked.access, asked.call)
    if client.ignores_namespace:
        tell(Message(f"{client.host} has no namespaces for users: {asked.access.namespace} is left aside"))
    earlier = _earlier(client, draft, asked) if asked.resume else None
    package = draft.package()
    if earlier and not earlier.ended:
        return follow(client, earlier.run, package, asked, tell)
    if asked.image_check:
        for problem in images.check(package, asked.call):
            tell(Message(problem))
    order = _order(client, package, asked, given, earlier, tell)
    if cron:
        return _scheduled(client, order, cron, tell)
    run = runs.start(client, order)
    if run.goes_as != run.id:
        tell(Message(f"run {run.id} goes on with {run.goes_as}"))
    if asked.wait:
        return follow(client, run, package, asked, tell)
    tell(Message(f"run {run.id}: {client.link(run.id)}"))
    return ExitCode.OK


def _check_run_id(given: Mapping[str, Any], cron: Union[str, None]) -> None:
    run_id = given.get(RUN_ID)
    if run_id is not None and cron:
        raise InputError(f"--param {RUN_ID} with --cron: all runs would go on with the same one")
    if run_id:
        records.check_id(run_id, f"--param {RUN_ID}")


def _earlier(client: Client, draft: Draft, asked: Asked) -> Earlier:
    """The run to go on with, or to wait for."""
    earlier = runs.find(client, runs.id_of(str(asked.resume)), draft.name)
    run_id = earlier.run.id
    if earlier.state == runs.SUCCEEDED:
        raise InputError(f"--resume {run_id} has succeeded: there is nothing to go on with")
    if not earlier.ended and not asked.wait:
        raise InputError(
            f"--resume {run_id} is {earlier.state.lower()} still ({client.link(run_id)}): --wait waits for it"
        )
    return earlier


def _order(
    client: Client,
    package: Package,
    asked: Asked,
    given: Mapping[str, Any],
    earlier: Union[Earlier, None],
    tell: Listener,
) -> Order:
    """Everything that a run or a schedule needs, made where KFP does not have it."""
    version = upload(client, package)
    tell(Message(f"pipeline {package.name}, {package.version}: {'uploaded' if version.new else 'was uploaded before'}"))
    if earlier and not asked.experiment:
        experiment = earlier.run.order.experiment_id
    else:
        experiment = runs.experiment(client, asked.experiment or package.name)
    order = Order(package.name, version, experiment, given)
    return runs.resumed(earlier.run, order, package.parameters) if earlier else order


def _scheduled(client: Client, order: Order, cron: str, tell: Listener) -> ExitCode:
    made = schedule(client, order, cron)
    for old in made.replaced:
        tell(Message(f"recurring run {old} of the same name is switched off"))
    state = "runs at" if made.new else "runs already at"
    tell(Message(f"recurring run {made.id} {state} {cron!r} (seconds first): {client.recurring_link(made.id)}"))
    return ExitCode.OK


def follow(client: Client, run: Run, package: Package, asked: Asked, tell: Listener) -> ExitCode:
    """Wait until `run` has ended; one that was lost or is stuck goes on in a new one, `package.resumes` times.

    Returns:
        What the process is to end with.
    """
    until = None if asked.timeout is None else time.monotonic() + asked.timeout
    patience = Patience(asked.every, until, asked.stuck)
    if until is not None:
        client.end_by(until)
    for left in range(package.resumes, -1, -1):
        with _left_alone(client, run, package, asked, tell):
            watch = Watch(client, run, package.tasks, tell)
            state = wait(client, run, watch, patience, tell)
            if state not in ("FAILED", STUCK):
                break
            ended = patiently(functools.partial(ending.of, client, run.id), patience, tell)
            if state == STUCK:
                tell(Message(_stuck(run, asked.stuck)))
                ended = dataclasses.replace(ended, lost=ended.lost or not (ended.failures or ended.terminated))
            if not (ended.lost and left):
                return _failed(client, run, package, ended, tell)
            names = ", ".join(sorted({package.tasks.get(each.task, each.task) for each in ended.failures}))
            tell(Message(f"run {run.id} was lost{f': the pod of {names} was deleted' if names else ''}"))
            run = patiently(functools.partial(runs.again, client, run), patience, tell)
            tell(Message(f"it goes on as {run.id}"))
    if state == runs.SUCCEEDED:
        tell(Message(f"run {run.id} has succeeded"))
        return ExitCode.OK
    tell(Message(f"run {run.id} was {state.lower()}"))
    return ExitCode.INTERRUPTED if state == "CANCELED" else ExitCode.CRASH


def _stuck(run: Run, seconds: float) -> str:
    return (
        f"run {run.id} is still running, and nothing of it has been for {seconds:g} s: Argo waits for what a pod that "
        "is gone would have reported (see the Role millrace-task-results). It is taken for lost; in Kubeflow it stays "
        "so until somebody deletes its workflow"
    )


@contextlib.contextmanager
def _left_alone(client: Client, run: Run, package: Package, asked: Asked, tell: Listener) -> Iterator[None]:
    """Whatever ends the waiting leaves the run alone, and says so."""
    try:
        yield
    except (KeyboardInterrupt, MillraceError):
        words = (*package.source, *asked.access.words, "--resume", run.id, "--wait")
        check = () if asked.image_check else ("--no-image-check",)
        again = shlex.join(("millrace", "submit", *words, *check))
        tell(Message(f"the run is left alone: {client.link(run.id)}. To wait for it, or to go on with it: {again}"))
        raise


def _failed(client: Client, run: Run, package: Package, ended: Ending, tell: Listener) -> ExitCode:
    if ended.terminated:
        tell(Message(f"run {run.id} was terminated"))
        return ExitCode.INTERRUPTED
    code, lines = ending.explain(client, run.id, ended.failures)
    for task, line in lines:
        tell(Message(f"{package.tasks.get(task, task)} failed: {client.shown(line)}"))
    if ended.lost:
        tell(Message(f"its pod was deleted, with its node perhaps: --resume {run.id} goes on with the run"))
    tell(Message(f"run {run.id} has failed"))
    return code
