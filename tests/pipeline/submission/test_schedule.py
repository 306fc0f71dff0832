"""`millrace submit --cron`: one schedule of a name at a time."""

from __future__ import annotations

import pytest

from components.errors import ExitCode
from tests.pipeline.submission.conftest import Cluster, only


def test_a_schedule_takes_the_place_of_the_one_before(cluster: Cluster) -> None:
    first = cluster.submit("--cron", "0 6 * * *", "--param", "trainer_epochs=2")
    same = cluster.submit("--cron", "0 6 * * *", "--param", "trainer_epochs=2")
    made = only(cluster.backend.recurring)
    assert made["trigger"] == {"cron_schedule": {"cron": "0 0 6 * * *"}}  # with crontab's five fields KFP means others
    assert (made["max_concurrency"], made["no_catchup"], made["status"]) == ("1", True, "ENABLED")
    assert made["runtime_config"]["parameters"] == {"trainer_epochs": 2}
    assert "runs at '0 0 6 * * *'" in first.out
    assert "runs already at" in same.out
    later = cluster.submit("--cron", "30 0 7 * * 1-5", "--param", "trainer_epochs=2")
    old, new = cluster.backend.recurring.values()
    assert (old["status"], new["status"]) == ("DISABLED", "ENABLED")
    assert f"recurring run {old['recurring_run_id']} of the same name is switched off" in later.out
    assert later.out.splitlines()[-1].endswith(f"{cluster.host}/#/recurringrun/details/{new['recurring_run_id']}")
    assert not cluster.backend.runs
    elsewhere = cluster.submit("--cron", "@daily", "--experiment", "other")
    assert elsewhere.code == ExitCode.OK
    assert [each["status"] for each in cluster.backend.recurring.values()] == ["DISABLED", "ENABLED", "ENABLED"]
    back = cluster.submit("--cron", "0 6 * * *", "--param", "trainer_epochs=2")
    assert "runs at '0 0 6 * * *'" in back.out  # the one that was switched off does not count
    assert [each["status"] for each in cluster.backend.recurring.values()] == [*["DISABLED"] * 2, *["ENABLED"] * 2]


@pytest.mark.parametrize(
    ("refused", "message", "left"),
    [
        ("POST /apis/v2beta1/recurringruns", "answered 500 Internal Server Error", ["ENABLED"]),
        (":disable", "is made, but not switched on", ["ENABLED", "DISABLED"]),
        (":enable", "is made, but not switched on", ["DISABLED", "DISABLED"]),
    ],
)
def test_what_was_scheduled_goes_on_where_kfp_refuses_what_is_to_take_its_place(
    cluster: Cluster, refused: str, message: str, left: list[str]
) -> None:
    cluster.submit("--cron", "0 6 * * *")
    cluster.backend.fault = lambda method, path: (500, {}, b"{}") if f"{method} {path}".endswith(refused) else None
    answer = cluster.submit("--cron", "0 7 * * *")
    assert answer.code == ExitCode.INPUT
    assert message in answer.err
    assert [each["status"] for each in cluster.backend.recurring.values()] == left
    cluster.backend.fault = None
    assert cluster.submit("--cron", "0 7 * * *").code == ExitCode.OK
    assert [each["status"] for each in cluster.backend.recurring.values()].count("ENABLED") == 1
