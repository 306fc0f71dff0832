"""What the runs of one process share: where executors run, the store, and who listens."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterator, Sequence

from ml_metadata.proto import metadata_store_pb2

from pipeline.config import Config
from pipeline.connection import connection
from pipeline.runners import light, logs
from pipeline.runners.events import Event, Listener
from pipeline.runners.fork_server import ForkServer
from pipeline.runners.server import Server

PRELOAD = ("pipeline.runners.compiling", "pipeline.runners.executor")
"""What a child needs to compile a pipeline or to run an executor: all of TFX, TensorFlow and Beam."""


@dataclasses.dataclass(frozen=True)
class Engine:
    """What the runs of one process share.

    Attributes:
        server: where executors are run; None is this process.
        logs: executors print into their nodes' logs; otherwise wherever the server lets them.
    """

    root: str
    connection: metadata_store_pb2.ConnectionConfig
    server: Server | None
    listen: Listener
    logs: bool = True


@contextlib.contextmanager
def opened(
    config: Config, listen: Listener, in_process: bool = False, log: str | None = None, close: Sequence[int] = ()
) -> Iterator[Engine]:
    """An engine whose executors are forked from a nursery of this process.

    The nursery comes first: it imports TFX whole, once somebody needs it, and this process only what drivers need.

    Args:
        in_process: run executors in this process.
        log: where what the nursery and its children print goes that have no log of their own.
        close: file descriptors that children must not inherit.
    """
    with contextlib.ExitStack() as stack:
        server = None if in_process else stack.enter_context(ForkServer(PRELOAD, log, close))
        stack.enter_context(contextlib.nullcontext() if in_process else light.imports(config))
        with logs.stderr_to(log) if log else contextlib.nullcontext():
            from absl import logging as absl_logging

            from pipeline.runners import backfill, walk  # noqa: F401  (for those who import them within)
        absl_logging.set_verbosity(absl_logging.INFO)
        yield Engine(config.root_path, connection(config.root_path), server, _one_at_a_time(listen))


def _one_at_a_time(listen: Listener) -> Listener:
    """Steps run in threads; who listens need not know."""
    lock = threading.Lock()

    def hear(event: Event) -> None:
        with lock:
            listen(event)

    return hear
