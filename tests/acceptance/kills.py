"""SIGKILL at a chosen moment of a chosen node, patched into a run's process: the product has no hooks for it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True)
class Target:
    """A node of a run, or of the run of an earlier span that came before it."""

    node: str
    earlier_span: bool = False

    def of_contexts(self, contexts: Any) -> bool:
        """Whether an execution in these MLMD contexts is the target's."""
        names = [context.name for context in contexts]
        return any(name.partition(".")[2] == self.node for name in names) and self.earlier_span == any(
            "-span-" in name for name in names
        )


def suicide(*_: Any) -> None:
    """What the kernel, an operator or a cluster does."""
    os.kill(os.getpid(), signal.SIGKILL)


def driver(target: Target) -> None:
    """The run dies when the node's execution has been registered, before anything else."""
    from tfx.orchestration.portable import execution_publish_utils as publish

    _around(publish, "register_execution", target, after=suicide)


def publisher(target: Target) -> None:
    """The run dies when the executor is done, before its outputs are published."""
    from tfx.orchestration.portable import execution_publish_utils as publish

    for name in ("publish_succeeded_execution", "publish_internal_execution", "publish_cached_executions"):
        _around(publish, name, target, before=suicide)


def published(target: Target) -> None:
    """The run dies when the store knows the outputs, before the run's record does."""
    from tfx.orchestration.portable import execution_publish_utils as publish

    for name in ("publish_succeeded_execution", "publish_internal_execution", "publish_cached_executions"):
        _around(publish, name, target, after=suicide)


def executor(target: Target) -> None:
    """The executor dies soon after it has put the first file into an output, at the latest when it is done."""
    from pipeline.runners import executor as executors

    real = executors.perform

    def perform(spec: Any, info: Any, beam_args: Any) -> Any:
        if (info.pipeline_node.node_info.id, "-span-" in info.pipeline_run_id) != (target.node, target.earlier_span):
            return real(spec, info, beam_args)
        folders = [artifact.uri for artifacts in info.output_dict.values() for artifact in artifacts]
        threading.Thread(target=_when_written, args=(folders, suicide), daemon=True).start()
        real(spec, info, beam_args)
        suicide()

    executors.perform = perform


def after_checkpoint(_: Target) -> None:
    """Training dies when it has written its first checkpoint, and never again in a run that starts from one."""
    from pipeline.ml.checkpoints import Checkpoints

    real = Checkpoints._save

    def save(self: Any) -> None:
        real(self)
        suicide()

    Checkpoints._save = save


def between_stage_and_rename(_: Target) -> None:
    """The Pusher dies with a verified model in its staging folder."""
    from components.pusher.staging import Stage

    Stage.commit = suicide


def _around(
    module: Any,
    name: str,
    target: Target,
    before: Callable[..., None] | None = None,
    after: Callable[..., None] | None = None,
) -> None:
    real = getattr(module, name)

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        concerned = target.of_contexts(kwargs["contexts"])
        if before and concerned:
            before()
        result = real(*args, **kwargs)
        if after and concerned:
            after()
        return result

    setattr(module, name, wrapper)


def _when_written(folders: list[str], then: Callable[[], None]) -> None:
    while not any(_has_file(folder) for folder in folders):
        time.sleep(0.002)
    time.sleep(0.02)
    then()


def _has_file(folder: str) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return any(entry.is_file() or _has_file(entry.path) for entry in os.scandir(folder))
    return False
