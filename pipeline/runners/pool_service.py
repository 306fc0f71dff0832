"""What a pool of workers answers: that one begins, and what they have."""

from __future__ import annotations

import concurrent.futures
import logging
import queue
import threading
from collections.abc import Callable
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

from components.errors import InputError
from pipeline.flink import workers
from pipeline.runners import pool_worker
from pipeline.runners.fork_server import ForkServer, NurseryGone
from pipeline.runners.server import ChildDied

_LOG = logging.getLogger(__name__)


class Pool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Beam's service EXTERNAL workers are asked of."""

    def __init__(self, server: ForkServer, broken: Callable[[], None]) -> None:
        """Args:
        broken: called when no further worker can be started.
        """
        self._server = server
        self._broken = broken

    def StartWorker(self, request: Any, context: Any) -> Any:
        """See Beam. Flink waits for ever for a worker that it is not told to have failed."""
        begun: queue.SimpleQueue[str] = queue.SimpleQueue()
        args = (request.worker_id, request.control_endpoint.url, request.provision_endpoint.url, begun.put)
        threading.Thread(target=self._run, args=args, daemon=True).start()
        return beam_fn_api_pb2.StartWorkerResponse(error=begun.get())

    def StopWorker(self, request: Any, context: Any) -> Any:
        """See Beam. Its id may be of several workers, and each ends when its TaskManager hangs up."""
        return beam_fn_api_pb2.StopWorkerResponse()

    def _run(self, worker_id: str, control: str, provision: str, tell: Callable[[str], None]) -> None:
        """Be there for a worker. What `tell` hears first is that it has begun ("": no error), or else why not."""
        name = f"worker {worker_id} of {control}"
        _LOG.info("%s begins", name)
        try:
            usage = self._server.call(pool_worker.work, worker_id, control, provision, receive=lambda _: tell("")).usage
        except NurseryGone:
            _LOG.error("%s cannot begin, nor can others: the process is gone that forks them", name)
            tell("the pool is broken")
            self._broken()
        except ChildDied as died:
            _LOG.warning("%s died: signal %s, status %s", name, died.signal, died.status)
            tell(f"it died: signal {died.signal}, status {died.status}")
        except Exception as error:
            _LOG.info("%s lost its TaskManager", name, exc_info=True)
            tell(str(error) or repr(error))  # an empty text says that all is well
        else:
            tell("it has ended before it began")
            _LOG.info(
                "%s has ended: %d MB at most, %.1f s of processor time",
                *(name, usage.peak_memory >> 20, usage.processor_seconds),
            )


def starting(forks: ForkServer, address: str, broken: Callable[[], None]) -> grpc.Server:
    """Starts workers there, and says what they have.

    Args:
        broken: called when it cannot start any further.

    Raises:
        InputError: it cannot listen there.
    """
    server = _server("--address", address, threads=64)  # each start waits until its worker has begun
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(Pool(forks, broken), server)
    return server


def answering(address: str) -> grpc.Server:
    """Says there what the workers have.

    Raises:
        InputError: it cannot listen there.
    """
    return _server("--asked-at", address, threads=2)


def _server(flag: str, address: str, threads: int) -> grpc.Server:
    server = grpc.server(
        concurrent.futures.ThreadPoolExecutor(threads),
        options=[
            # TaskManagers ping the pool as long as they use its workers.
            ("grpc.http2.max_pings_without_data", 0),
            ("grpc.http2.max_ping_strikes", 0),
            # Otherwise two pools share an address, and each has some of the questions.
            ("grpc.so_reuseport", 0),
        ],
    )
    workers.serve(server)
    try:
        server.add_insecure_port(address)
    except RuntimeError:
        raise InputError(f"{flag} {address}: cannot listen there. Is the port taken? Name another one") from None
    return server
