"""What a pool of workers answers: that one begins, and what they have."""

from __future__ import annotations

import concurrent.futures
import logging
import threading
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

from pipeline.flink import workers
from pipeline.runners import pool_worker
from pipeline.runners.fork_server import ChildDied, ForkServer

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
    """Starts workers there, and says what they have."""
    server = grpc.server(
        concurrent.futures.ThreadPoolExecutor(16),
        # TaskManagers ping the pool as long as they use its workers.
        options=[
            ("grpc.http2.max_pings_without_data", 0),
            ("grpc.http2.max_ping_strikes", 0),
            ("grpc.so_reuseport", 0),
        ],
    )
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(Pool(forks), server)
    workers.serve(server)
    server.add_insecure_port(address)
    return server


def answering(address: str) -> grpc.Server:
    """Says there what the workers have."""
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    workers.serve(server)
    server.add_insecure_port(address)
    return server
