"""The Beam pipeline on Flink, in a process of its own, as each step of a run has one.

Beam takes Ctrl-C for its job server, and fails at it.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence

from pipeline.beam import Pipelines
from pipeline.flink import job as flink
from pipeline.prediction import steps
from pipeline.prediction.shards import Job
from pipeline.prediction.steps import Done, File
from pipeline.runners import failures
from pipeline.runners.executor import ended_with
from pipeline.runners.server import ChildDied, Send
from pipeline.runners.spawner import Spawner


def run(job: Job, files: Sequence[File], pipelines: Pipelines) -> list[Done]:
    """As `steps.run`.

    Raises:
        MillraceError: the cluster cannot run it, or the process died.
    """
    try:
        with ended_with(pipelines):
            done: list[Done] = Spawner().call(_in_child, job, files, pipelines, receive=lambda _: None).value
    except ChildDied as died:
        raise failures.of_dead_child(died) from None
    return done


def _in_child(send: Send, job: Job, files: Sequence[File], pipelines: Pipelines) -> list[Done]:
    del send
    try:
        with flink.running(pipelines):
            return steps.run(job, files, pipelines.args)
    except Exception as error:
        traceback.print_exc()
        raise failures.of_exception(error, pipelines.shared[0]) from None
