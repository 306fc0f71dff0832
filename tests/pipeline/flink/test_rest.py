"""Flink's REST interface, over HTTP. The answers are Flink 1.19's, shortened."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.flink.rest import JobManager, Unreachable, runs
from tests.pipeline.flink.jobmanager import answering, overview


def job(name: str, state: str, start: int) -> dict[str, object]:
    return {"jid": f"{start:032x}", "name": name, "state": state, "start-time": start, "tasks": {"total": 4}}


JOBS = {"jobs": [job("b", "RUNNING", 2), job("a", "FINISHED", 3), job("b", "FAILED", 1)]}


def test_a_cluster_is_asked_by_its_address_and_by_a_url() -> None:
    with answering(overview(2)) as master:
        assert JobManager(master).overview()["slots-total"] == 2
        assert JobManager(f"http://{master}/").overview()["slots-total"] == 2


def test_a_proxy_is_not_asked_for_a_cluster_of_this_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://localhost:9")
    with answering(overview(2)) as master:
        assert JobManager(master).overview()["slots-total"] == 2
        with pytest.raises(Unreachable, match="refused"):
            JobManager(f"http://{master}").overview()


def test_the_oldest_job_comes_first() -> None:
    with answering(JOBS) as master:
        found = JobManager(master).jobs()
    assert [job["start-time"] for job in found] == [1, 2, 3]
    assert [runs(job) for job in found if job["name"] == "b"] == [False, True]


@pytest.mark.parametrize(
    ("stacktraces", "told"),
    [
        ([], ""),
        (
            ["old", "java.util.TimeoutException: Heartbeat of x\n\tat a.B.c(B.java:1)\n"],
            "java.util.TimeoutException: Heartbeat of x",
        ),
        (
            ["java.lang.RuntimeException: Error from SDK:\n  File x\nKeyError: 'fare'\n\n\tat a.B.c(B.java:1)"],
            "KeyError: 'fare'",
        ),
    ],
)
def test_a_job_tells_what_it_failed_of_last(stacktraces: list[str], told: str) -> None:
    entries = [{"timestamp": at, "stacktrace": each} for at, each in enumerate(stacktraces)]
    with answering({"exceptionHistory": {"entries": entries}}) as master:
        assert JobManager(master).failure("0" * 32) == told


@pytest.mark.parametrize("answer", [{}, 404, 409])
def test_a_job_that_has_ended_already_may_be_cancelled(answer: object) -> None:
    with answering(answer) as master:
        JobManager(master).cancel("0" * 32)


@pytest.mark.parametrize(
    "ask",
    [
        JobManager.overview,
        JobManager.taskmanagers,
        JobManager.jobs,
        lambda flink: flink.failure("0" * 32),
        lambda flink: flink.cancel("0" * 32),
    ],
)
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (503, "http://.*: 503 Service Unavailable"),
        (401, "answers, but is no Flink: 401 Unauthorized"),
    ],
)
def test_who_does_not_answer_a_question_is_unreachable(
    ask: Callable[[JobManager], object], answer: int, said: str
) -> None:
    with answering(answer) as master, pytest.raises(Unreachable, match=said):
        ask(JobManager(master))


def test_where_nobody_listens_that_is_said() -> None:
    with pytest.raises(Unreachable, match=r"http://localhost:9: .*refused"):
        JobManager("localhost:9").jobs()
