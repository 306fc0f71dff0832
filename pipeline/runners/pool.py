"""Python workers for Flink's TaskManagers: Beam's worker pool, one for all TaskManagers of a machine.

Beam's own pool knows a worker by its id alone, and two TaskManagers number theirs alike: the second to ask takes the
first one's, and the job hangs. Here a worker ends by itself when its TaskManager has no more work for it, or is gone.
It also starts in milliseconds instead of a Python's 13 s, as it is forked from a process that has imported everything.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading

from components.errors import InputError
from pipeline.runners.engine import PRELOAD
from pipeline.runners.fork_server import ForkServer
from pipeline.runners.server import Send

_LOG = logging.getLogger(__name__)


def _nothing(send: Send) -> None:
    """What makes the fork server import everything."""


def main() -> None:
    """Serve until a signal comes, or no worker can be started any more."""
    parser = argparse.ArgumentParser(description="Python workers for Flink's TaskManagers.")
    parser.add_argument("--address", default="localhost:50000", metavar="HOST:PORT", help="where to listen")
    parser.add_argument("--asked-at", metavar="HOST:PORT", help="where to say what it has, and to do nothing else")
    args = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        _serve(args.address, args.asked_at)
    except InputError as error:
        parser.error(str(error))


def _serve(address: str, asked_at: str | None) -> None:
    ended, broken = threading.Event(), threading.Event()

    def give_up() -> None:
        broken.set()
        ended.set()

    with ForkServer(PRELOAD) as forks:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        # Beam starts threads when it is imported: what is forked must be so before.
        from pipeline.runners import pool_service

        forks.call(_nothing, receive=_LOG.info)
        servers = [pool_service.starting(forks, address, give_up)]
        if asked_at:
            servers.append(pool_service.answering(asked_at))
        for server in servers:
            server.start()
        _LOG.info("ready at %s", address)
        ended.wait()
        for server in servers:
            server.stop(1).wait()  # of answers that are on their way
    if broken.is_set():
        sys.exit("the pool ends, as it can start no worker. What runs it is to start it again")


if __name__ == "__main__":
    main()
