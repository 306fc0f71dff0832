"""What a pool of workers answers: that one begins, and what they have."""

from __future__ import annotations

import concurrent.futures
import logging
import threading
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

from components.errors import InputError
from pipeline.flink import workers
from pipeline.runners import pool_worker
from pipeline.runners.fork_server import ForkServer
from pipeline.runners.server import ChildDied

_LOG = logging.getLogger(__name__)


class Pool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Beam's service EXTERNAL workers are asked of."""

    def __init__(self, server: ForkServer) -> None:
        self._server = server

    def StartWorker(self, request: Any, context: Any) -> Any:
        """See Beam."""
        control, provision = request.control_endpoint.url, request.provision_endpoint.url
        threading.Thread(target=self._run, args=(request.worker_id, control, provision), daemon=True).start()
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(self, request: Any, context: Any) -> Any:
        """See Beam. Its id may be of several workers, and each ends when its TaskManager hangs up."""
        return beam_fn_api_pb2.StopWorkerResponse()

    def _run(self, worker_id: str, control: str, provision: str) -> None:
        _LOG.info("worker %s of %s begins", worker_id, control)
        try:
            usage = self._server.call(pool_worker.work, worker_id, control, provision, receive=_LOG.info).usage
        except ChildDied as died:
            _LOG.warning("worker %s of %s died: signal %s, status %s", worker_id, control, died.signal, died.status)
        except Exception:
            _LOG.info("worker %s of %s lost its TaskManager", worker_id, control, exc_info=True)
        else:
            _LOG.info(
                "worker %s of %s has ended: %d MB at most, %.1f s of processor time",
                *(worker_id, control, usage.peak_memory >> 20, usage.processor_seconds),
            )


def starting(forks: ForkServer, address: str) -> grpc.Server:
    """Starts workers there, and says what they have.

    Raises:
        InputError: it cannot listen there.
    """
    server = _server("--address", address, threads=16)
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(Pool(forks), server)
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
