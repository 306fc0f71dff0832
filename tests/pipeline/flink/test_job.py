"""From the checks before a step's first job to the end of its last one."""

from __future__ import annotations

import logging
import pathlib

import pytest

import pipeline.config as c
from components.errors import UnavailableError
from pipeline.beam import Pipelines
from pipeline.flink import guard, job, ready
from tests.pipeline.flink import jobmanager


@pytest.fixture(autouse=True)
def _ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at before, tests/pipeline/flink/test_ready.py tries; and nobody waits here."""
    monkeypatch.setattr(ready, "check", lambda *_: None)
    monkeypatch.setattr(guard.end_jobs, "__defaults__", (0.0, 1.0))
    monkeypatch.setattr(job, "_PATIENCE", 1.0)


def pipelines(flink: jobmanager.JobManager, tmp_path: pathlib.Path) -> Pipelines:
    """Those of a try at a step with code of its own."""
    (tmp_path / "mine.py").write_text("NAME = 'mine'\n")
    return Pipelines(
        (),
        step="shop-Transform-run-1-",
        name="shop-Transform-run-1-b",
        flink=c.Flink(master=flink.address),
        code=(str(tmp_path / "mine.py"),),
        copies=str(tmp_path / "code" / "shop-Transform-run-1-b"),
    )


def test_what_an_earlier_try_left_ends_before_this_one_begins(tmp_path: pathlib.Path) -> None:
    others = {"shop-Transform-run-2-a": "RUNNING", "shop-Evaluator-run-1-a": "RUNNING"}
    with jobmanager.with_jobs(jobs={"shop-Transform-run-1-a": "RUNNING", **others}) as flink:
        with job.running(pipelines(flink, tmp_path)):
            assert flink.jobs == {"shop-Transform-run-1-a": "CANCELED", **others}
            assert list((tmp_path / "code").rglob("mine.py"))
        assert not list((tmp_path / "code").iterdir())


def test_where_it_does_not_end_no_second_job_begins(tmp_path: pathlib.Path) -> None:
    with jobmanager.with_jobs(jobs={"shop-Transform-run-1-a": "RUNNING"}, stubborn=True) as flink:
        message = f"Cancel them at http://{flink.address}; their names begin with shop-Transform-run-1-"
        with pytest.raises(UnavailableError, match=message), job.running(pipelines(flink, tmp_path)):
            raise AssertionError("it began")


def fail(flink: jobmanager.JobManager) -> None:
    flink.jobs["shop-Transform-run-1-b"] = "RUNNING"
    raise ZeroDivisionError


def test_a_step_that_fails_leaves_no_job_and_no_code_behind(tmp_path: pathlib.Path) -> None:
    with jobmanager.with_jobs() as flink:
        with pytest.raises(ZeroDivisionError), job.running(pipelines(flink, tmp_path)):
            fail(flink)
        assert flink.jobs == {"shop-Transform-run-1-b": "CANCELED"}
    assert not list((tmp_path / "code").iterdir())


def test_a_job_that_goes_on_is_told(tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    with jobmanager.with_jobs(jobs={"shop-Transform-run-1-b": "RUNNING"}, stubborn=True) as flink:
        with caplog.at_level(logging.WARNING):
            job.end(pipelines(flink, tmp_path))
        assert (
            f"job shop-Transform-run-1-b may go on: it is not cancelled yet. See http://{flink.address}" in caplog.text
        )
