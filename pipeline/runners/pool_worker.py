"""One of a pool's workers, in a process of its own."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from typing import Any

import grpc

from pipeline import references
from pipeline.runners.server import Send

BEGUN = "begun"
"""What a worker sends that has all it needs."""


def work(send: Send, worker_id: str, control: str, provision: str) -> None:
    """Be a worker until its TaskManager hangs up.

    Raises:
        ConnectionError: it does so with an error.
    """
    try:
        _work(send, worker_id, control, provision)
    except grpc.RpcError as lost:
        # Not what grpc raises itself: that cannot travel between processes.
        raise ConnectionError(str(lost)) from None


def _work(send: Send, worker_id: str, control: str, provision: str) -> None:
    from apache_beam.runners.worker import sdk_worker_main
    from apache_beam.runners.worker.worker_id_interceptor import WorkerIdInterceptor

    options = _options(worker_id, provision)
    # Beam reads it from the environment when it is imported, which it was before this worker had an id.
    WorkerIdInterceptor._worker_id = worker_id
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True
    )
    # As in the steps that run here: the GPUs are for training.
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    if copies := _copies(options):
        references.look_in(copies)
    environment = {
        "WORKER_ID": worker_id,
        "CONTROL_API_SERVICE_DESCRIPTOR": f'url: "{control}"',
        "PIPELINE_OPTIONS": json.dumps(options),
    }
    _, harness, _ = sdk_worker_main.create_harness(environment)
    send(BEGUN)
    harness.run()


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
    return next((each.partition("=")[2] for each in experiments if each.startswith(f"{references.COPIES}=")), "")
