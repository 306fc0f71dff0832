"""Python workers for Flink's TaskManagers: Beam's worker pool, one for all TaskManagers of a machine.

Beam's own pool knows a worker by its id alone, and two TaskManagers number theirs alike: the second to ask takes the
first one's, and the job hangs. Here a worker ends by itself when its TaskManager has no more work for it, or is gone.
It also starts in milliseconds instead of a Python's 13 s, as it is forked from a process that has imported everything.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import logging
import signal
import sys
import threading
from collections.abc import Mapping
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

from pipeline import references
from pipeline.beam import COPIES
from pipeline.flink import workers
from pipeline.runners.engine import PRELOAD
from pipeline.runners.fork_server import ChildDied, ForkServer, Send

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
            usage = self._server.call(_work, worker_id, control, provision, receive=_LOG.info).usage
        except ChildDied as died:
            _LOG.warning("worker %s of %s died: signal %s, status %s", worker_id, control, died.signal, died.status)
        except Exception:
            _LOG.info("worker %s of %s lost its TaskManager", worker_id, control, exc_info=True)
        else:
            _LOG.info(
                "worker %s of %s has ended: %d MB at most, %.1f s of processor time",
                *(worker_id, control, usage.peak_memory >> 20, usage.processor_seconds),
            )


def _work(send: Send, worker_id: str, control: str, provision: str) -> None:
    """Be a worker until its TaskManager hangs up."""
    from apache_beam.runners.worker import sdk_worker_main
    from apache_beam.runners.worker.worker_id_interceptor import WorkerIdInterceptor

    # Beam reads it from the environment when it is imported, which it was before this worker had an id.
    WorkerIdInterceptor._worker_id = worker_id
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True
    )
    options = _options(worker_id, provision)
    references.look_in(_copies(options))
    environment = {
        "WORKER_ID": worker_id,
        "CONTROL_API_SERVICE_DESCRIPTOR": f'url: "{control}"',
        "PIPELINE_OPTIONS": json.dumps(options),
    }
    _, harness, _ = sdk_worker_main.create_harness(environment)
    try:
        harness.run()
    except grpc.RpcError as lost:
        # Not what grpc raises itself: that cannot travel between processes.
        raise ConnectionError(str(lost)) from None


def _options(worker_id: str, provision: str) -> Mapping[str, Any]:
    """The options of the job's pipeline."""
    from apache_beam.portability.api import beam_provision_api_pb2, beam_provision_api_pb2_grpc
    from google.protobuf import json_format

    with grpc.insecure_channel(provision) as channel:
        grpc.channel_ready_future(channel).result(timeout=60)
        stub = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        request = beam_provision_api_pb2.GetProvisionInfoRequest()
        info = stub.GetProvisionInfo(request, metadata=[("worker_id", worker_id)]).info
    options: Mapping[str, Any] = json_format.MessageToDict(info.pipeline_options)
    return options


def _copies(options: Mapping[str, Any]) -> str:
    """The folder with copies of the user's code; empty where there is none."""
    experiments = options.get("beam:option:experiments:v1", ())
    return next((each.partition("=")[2] for each in experiments if each.startswith(f"{COPIES}=")), "")


def _nothing(send: Send) -> None:
    """What makes the fork server import everything."""


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(description="Python workers for Flink's TaskManagers.")
    parser.add_argument("--address", default="localhost:50000", metavar="HOST:PORT", help="where to listen")
    parser.add_argument("--asked-at", metavar="HOST:PORT", help="where to say what it has, and to do nothing else")
    args = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    ended = threading.Event()
    with ForkServer(PRELOAD) as forks:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        forks.call(_nothing, receive=_LOG.info)
        servers = [_workers(forks, args.address), *([_answers(args.asked_at)] if args.asked_at else [])]
        for server in servers:
            server.start()
        _LOG.info("ready at %s", args.address)
        while not ended.wait(3600):
            pass
        for server in servers:
            server.stop(0)


def _workers(forks: ForkServer, address: str) -> grpc.Server:
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


def _answers(address: str) -> grpc.Server:
    """Says there what the workers have."""
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    workers.serve(server)
    server.add_insecure_port(address)
    return server


if __name__ == "__main__":
    main()
