"""When Argo starts a failed container again."""

from __future__ import annotations

from pipeline.rehearsal.retries import retries
from pipeline.rehearsal.spec import RetryPolicy


def test_no_policy_is_one_try() -> None:
    assert not retries(None).again(1, 0)


def test_waits_double() -> None:
    policy = retries(RetryPolicy(maxRetryCount=3, backoffDuration="10s", backoffFactor=2.0))
    assert [policy.wait(tries) for tries in (1, 2, 3)] == [10, 20, 40]
    assert [policy.again(tries, 1e6) for tries in (1, 2, 3, 4)] == [True, True, True, False]
    assert policy.left(1e6) is None


def test_without_a_factor_waits_stay_the_same() -> None:
    policy = retries(RetryPolicy(maxRetryCount=2, backoffDuration="10.9s"))
    assert [policy.wait(tries) for tries in (1, 2)] == [10, 10]


def test_the_greatest_duration_is_of_all_tries_together() -> None:
    policy = retries(RetryPolicy(maxRetryCount=5, backoffDuration="10s", backoffFactor=1, backoffMaxDuration="300s"))
    assert policy.again(1, 290)
    assert not policy.again(1, 291)
    assert policy.left(200) == 100
