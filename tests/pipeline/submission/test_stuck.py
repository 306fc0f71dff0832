"""Runs that never end in Kubeflow, though all of them has."""

from __future__ import annotations

from typing import Any

import pytest

from components.errors import ExitCode
from pipeline.runners.events import Message
from pipeline.submission import package
from pipeline.submission.access import Access
from pipeline.submission.asked import Asked
from pipeline.submission.submit import submit as submit_draft
from tests.pipeline.submission.argo import DELETED, DONE, EXIT, OK, RUNNING, WORKING, Workflow
from tests.pipeline.submission.conftest import Cluster


def _waited(cluster: Cluster, stuck: float) -> tuple[int, str]:
    """What waiting ends with, and says."""
    said: list[Any] = []
    asked = Asked(Access(cluster.host), wait=True, every=0.1, stuck=stuck, image_check=False)
    code = submit_draft(package.of_file(str(cluster.file), []), asked, said.append)
    return code, "\n".join(each.text for each in said if isinstance(each, Message))


_FAILED = {"start": [OK], "example-gen": [OK], "trainer": [DELETED]}


@pytest.mark.parametrize(
    "stuck",
    [
        Workflow("Running", _FAILED, root="Failed"),
        Workflow("Running", {**_FAILED, "example-gen": [RUNNING]}, root="Error"),
        Workflow("Running", {"start": [OK], "example-gen": [OK], "trainer": [OK]}, root="Running"),
    ],
    ids=["all has ended", "the DAG has failed", "all tasks have succeeded"],
)
def test_a_run_that_does_not_end_though_all_of_it_has_goes_on(cluster: Cluster, stuck: Workflow) -> None:
    cluster.backend.stories += [[WORKING, stuck], [DONE]]
    code, said = _waited(cluster, 0.3)
    first, second = cluster.backend.runs
    assert code == ExitCode.OK
    assert cluster.parameters == [{}, {"run_id": first}]
    assert f"run {first} is still running, and nothing of it has been for 0.3 s: Argo waits for" in said
    assert f"run {first} was lost" in said
    assert f"it goes on as {second}" in said


def test_a_stuck_run_that_was_terminated_does_not_go_on(cluster: Cluster) -> None:
    tasks = {"start": [OK], "example-gen": [OK], "trainer": [OK]}
    cluster.backend.stories += [[WORKING, Workflow("Running", tasks, root="Running", terminated=True)]]
    code, said = _waited(cluster, 0.3)
    assert (code, len(cluster.backend.runs)) == (ExitCode.INTERRUPTED, 1)
    assert "was terminated" in said


def test_a_run_is_not_stuck_while_a_task_is_under_way_or_for_a_moment(cluster: Cluster) -> None:
    ending = Workflow("Running", {"start": [OK], "example-gen": [OK], "trainer": [OK]})
    cluster.backend.stories += [[*[WORKING] * 8, ending, DONE]]
    code, said = _waited(cluster, 0.5)
    assert (code, len(cluster.backend.runs)) == (ExitCode.OK, 1)
    assert "Argo waits" not in said


def test_a_stuck_run_whose_task_has_failed_has_failed(cluster: Cluster) -> None:
    cluster.backend.stories += [[Workflow("Running", {"start": [OK], "trainer": [EXIT]}, root="Failed")]]
    code, said = _waited(cluster, 0.3)
    assert (code, len(cluster.backend.runs)) == (ExitCode.CRASH, 1)
    assert "Trainer failed: Error (exit code 1)" in said
