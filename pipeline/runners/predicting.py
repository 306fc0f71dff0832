"""Predictions on Flink, in a process of their own, as each step of a run has one.

Beam takes Ctrl-C for its job server, and fails at it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from components.errors import CrashError
from pipeline.beam import Pipelines
from pipeline.flink import job as flink
from pipeline.prediction import steps
from pipeline.prediction.shards import Job
from pipeline.prediction.steps import Done, File
from pipeline.runners import process
from pipeline.runners.process import Place, Report
from pipeline.runners.spawner import Spawner


def run(job: Job, files: Sequence[File], pipelines: Pipelines, log: str, report: Report) -> list[Done]:
    """As `steps.run`.

    Args:
        log: a file for what the process prints.
        report: hears of its progress.

    Raises:
        MillraceError: the cluster cannot run it, or it failed.
    """
    place = Place(job.folder, then="predict again", log=log)
    os.makedirs(os.path.dirname(log), exist_ok=True)
    try:
        done: list[Done] = process.call(Spawner(), place, pipelines, report, _predict, job, files, pipelines).value
    except CrashError as error:
        raise CrashError(f"{error}. Log: {log}") from None
    return done


def _predict(job: Job, files: Sequence[File], pipelines: Pipelines) -> list[Done]:
    with flink.running(pipelines):
        return steps.run(job, files, pipelines.args)
