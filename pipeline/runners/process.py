"""The process of a step: where it prints, what it sees of the machine, and what becomes of its errors."""

from __future__ import annotations

import dataclasses
import faulthandler
import logging
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from absl import logging as absl_logging

from components import progress
from pipeline.beam import Pipelines
from pipeline.flink import job
from pipeline.runners import failures, logs
from pipeline.runners.server import Answer, ChildDied, Send, Server

Report = Callable[[Mapping[str, progress.Value]], None]


@dataclasses.dataclass(frozen=True)
class Place:
    """What a step's process is given.

    Attributes:
        folder: what to name when its disk is full.
        then: what to do once there is room.
        log: where its output goes; None leaves it as the server made it.
        gpu: whether it may see the GPU.
    """

    folder: str
    then: str = failures.RESUME
    log: str | None = None
    gpu: bool = False


def call(
    server: Server, place: Place, pipelines: Pipelines, report: Report, act: Callable[..., Any], *args: Any
) -> Answer:
    """`act(*args)` in a process of its own. Where that dies, or is not waited for, its jobs on a cluster end, too.

    Args:
        pipelines: that it runs.
        report: hears of its progress.

    Raises:
        MillraceError: it failed.
    """
    try:
        return server.call(_run, place, act, *args, receive=report)
    except ChildDied as died:
        job.end(pipelines)
        raise failures.of_dead_child(died) from None
    except KeyboardInterrupt:
        job.end(pipelines)
        raise


def _run(send: Send, place: Place, act: Callable[..., Any], *args: Any) -> Any:
    if place.log is not None:
        logs.print_to(place.log)
    _log_to_stderr()
    if not place.gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    sys.argv[1:] = []  # executors take what stands there for flags of their own
    progress.set_sink(lambda fields: send(dict(fields)))
    try:
        return act(*args)
    except BaseException as error:
        traceback.print_exc()
        raise failures.of_exception(error, place.folder, place.then) from None
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _log_to_stderr() -> None:
    faulthandler.enable()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(logs.FORMAT))
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.INFO)
    absl_logging.set_verbosity(absl_logging.INFO)
