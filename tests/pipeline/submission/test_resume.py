"""`millrace submit --resume`: a run that ended early goes on under its id, one at work is waited for."""

from __future__ import annotations

import pytest

from components.errors import ExitCode
from tests.pipeline.submission.argo import DONE, LOST, WORKING
from tests.pipeline.submission.conftest import Cluster


def test_resume_takes_the_parameters_of_the_run_and_its_id(cluster: Cluster) -> None:
    cluster.backend.stories += [[WORKING, LOST], [LOST], [DONE]]
    cluster.submit("--param", "trainer_epochs=4", "--param", "pipeline_root=/mnt/millrace/data", "--experiment", "x")
    (first,) = cluster.backend.runs
    still = cluster.submit("--resume", first)
    assert still.code == ExitCode.INPUT
    assert f"--resume {first} is running still" in still.err
    cluster.submit("--resume", f"{cluster.host}/#/runs/details/{first}", "--param", "trainer_epochs=5")
    second = list(cluster.backend.runs)[-1]
    answer = cluster.submit("--resume", second, "--wait")
    assert answer.code == ExitCode.OK
    before = {"trainer_epochs": 4, "pipeline_root": "/mnt/millrace/data"}
    now = {"trainer_epochs": 5, "pipeline_root": "/mnt/millrace/data", "run_id": first}
    assert cluster.parameters == [before, now, now]
    assert len({each["experiment_id"] for each in cluster.backend.runs.values()}) == 1
    last = list(cluster.backend.runs)[-1]
    assert "there is nothing to go on with" in cluster.submit("--resume", last).err
    unknown = cluster.submit("--resume", "no-such-run")
    assert unknown.code == ExitCode.INPUT
    assert "--resume no-such-run: " in unknown.err
    assert "goes on with --param run_id=no-such-run" in unknown.err


@pytest.mark.parametrize("run", ["..", "a b", "{run_id}", "/", "\udcff"])
def test_what_is_no_id_of_a_run_is_not_asked_for(cluster: Cluster, run: str) -> None:
    answer = cluster.submit("--resume", run)
    assert answer.code == ExitCode.INPUT
    assert f"--resume {run!r}: write the id of a run in KFP, or the link to it" in answer.err
    assert len(cluster.backend.calls) == 1


@pytest.mark.parametrize(
    "link", ["/#/runs/details/{}", "/_/pipeline/?ns=ann#/runs/details/{}/", "/x/{}?experimentId=1"]
)
def test_a_link_to_a_run_is_the_run(cluster: Cluster, link: str) -> None:
    cluster.backend.stories += [[LOST], [DONE]]
    cluster.submit()
    (run,) = cluster.backend.runs
    assert cluster.submit("--resume", cluster.host + link.format(run)).code == ExitCode.OK
    assert cluster.parameters == [{}, {"run_id": run}]


def test_a_run_of_another_pipeline_is_not_gone_on_with(cluster: Cluster) -> None:
    cluster.backend.stories.append([LOST])
    cluster.submit()
    (run,), (pipeline,) = cluster.backend.runs, cluster.backend.pipelines.values()
    pipeline["display_name"] = "digits"
    refused = cluster.submit("--resume", run)
    assert refused.code == ExitCode.INPUT
    assert f"--resume {run}: it is a run of digits, not of taxi" in refused.err
    assert len(cluster.backend.runs) == 1
    cluster.backend.pipelines.clear()  # and uploaded again, it has another id
    assert cluster.submit("--resume", run).code == ExitCode.OK
    assert cluster.parameters == [{}, {"run_id": run}]


def test_resume_waits_for_a_run_that_is_still_at_work(cluster: Cluster) -> None:
    cluster.backend.stories.append([WORKING, WORKING, DONE])
    cluster.submit()
    (run,) = cluster.backend.runs
    assert cluster.submit("--resume", run, "--wait").code == ExitCode.OK
    assert len(cluster.backend.runs) == 1
