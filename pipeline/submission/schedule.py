"""Recurring runs: one of each name in an experiment, by a cron expression."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from pipeline.submission.access import Client
from pipeline.submission.runs import Order
from pipeline.submission.transport import CallError, told_id
from pipeline.submission.upload import equals

_ENABLED = "ENABLED"


@dataclasses.dataclass(frozen=True)
class Recurring:
    """What is scheduled now, and what was until now and is switched off. `new` unless it was all the same before."""

    id: str
    replaced: tuple[str, ...] = ()
    new: bool = True


def schedule(client: Client, order: Order, cron: str) -> Recurring:
    """Run it at these times (seconds first), instead of what was scheduled under its name in its experiment.

    Raises:
        CallError: KFP has refused. What was scheduled before goes on, or the message says what is switched off.
    """
    earlier = [each for each in _scheduled(client, order) if each.status == _ENABLED]
    same = next((each for each in earlier if _same(each, order, cron)), None)
    replaced = tuple(str(each.recurring_run_id) for each in earlier if each is not same)
    if same:
        for old in replaced:
            client.disable_recurring_run(old)
        return Recurring(str(same.recurring_run_id), replaced, new=False)
    made = told_id(_made(client, order, cron).recurring_run_id, "recurring run")
    try:
        for old in replaced:
            client.disable_recurring_run(old)
        client.enable_recurring_run(made)
    except CallError as error:
        before = f", and what was scheduled before ({', '.join(replaced)}) may be switched off" if replaced else ""
        raise CallError(
            f"{error}. Recurring run {made} is made, but not switched on{before}: submit it again", error.status
        ) from None
    return Recurring(made, replaced)


def _made(client: Client, order: Order, cron: str) -> Any:
    """A recurring run that is switched off: KFP may refuse it, while two must not run at a time."""
    return client.create_recurring_run(
        order.experiment_id,
        order.name,
        cron_expression=cron,
        max_concurrency="1",  # int64 is a string in JSON; one run at a time on a root
        no_catchup=True,
        params=dict(order.parameters),
        pipeline_id=order.version.pipeline_id,
        version_id=order.version.version_id,
        enabled=False,
    )


def _scheduled(client: Client, order: Order) -> Iterator[Any]:
    token = ""
    while True:
        page = client.list_recurring_runs(
            page_token=token, page_size=100, experiment_id=order.experiment_id, filter=equals(order.name)
        )
        yield from (each for each in page.recurring_runs or () if each.display_name == order.name)
        token = page.next_page_token or ""
        if not token:
            return


def _same(recurring: Any, order: Order, cron: str) -> bool:
    reference, trigger, config = recurring.pipeline_version_reference, recurring.trigger, recurring.runtime_config
    return bool(
        reference
        and reference.pipeline_version_id == order.version.version_id
        and trigger
        and trigger.cron_schedule
        and trigger.cron_schedule.cron == cron
        and ((config.parameters if config else None) or {}) == dict(order.parameters)
    )
