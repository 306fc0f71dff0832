"""Whoever answers byte by byte, or not at all, is not listened to for ever."""

from __future__ import annotations

import pathlib
import threading
import time

import kfp_server_api
import pytest

from components.errors import ExitCode
from pipeline.submission import images, registry
from pipeline.submission.limit import within
from pipeline.submission.package import read
from pipeline.submission.transport import CallError, Transport
from tests.pipeline.submission import compiled, dripping
from tests.pipeline.submission.argo import DELETED, Workflow
from tests.pipeline.submission.conftest import Cluster


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX-Never-Ends: ", dripping.HEAD], ids=["", "head", "body"])
def test_a_kfp_that_drips_is_given_up(start: bytes) -> None:
    with dripping.serve(start) as address:
        configuration = kfp_server_api.Configuration(host=f"http://{address}")
        began = time.monotonic()
        with pytest.raises(CallError, match=rf"^http://{address}: no whole answer to GET /x within 0.5 s: ") as late:
            Transport(configuration, seconds=0.5).request("GET", f"http://{address}/x")
    assert time.monotonic() - began < 5
    assert late.value.passing  # --wait waits on


@pytest.mark.parametrize(
    ("hangs", "code", "message"),
    [
        ("/healthz", ExitCode.INPUT, "no whole answer to GET /apis/v2beta1/healthz within 6 s: "),
        ("v2beta1/runs/", ExitCode.INTERRUPTED, "the time that --timeout gave is over"),
        ("v1beta1/runs/", ExitCode.INTERRUPTED, "the time that --timeout gave is over"),
    ],
)
def test_a_kfp_that_hangs_is_given_up_when_the_time_is_over(
    cluster: Cluster, hangs: str, code: ExitCode, message: str
) -> None:
    over = threading.Event()
    cluster.backend.stories.append([Workflow("Error", {"start": [DELETED]})])

    def hang(_method: str, path: str) -> None:
        if hangs in path:
            over.wait(60)

    cluster.backend.fault = hang
    began = time.monotonic()
    answer = cluster.submit("--wait", "--timeout", 6)
    assert 5.9 < time.monotonic() - began < 15
    over.set()
    assert answer.code == code
    assert message in answer.err


def test_a_registry_that_hangs_is_given_up_with_the_rest(tmp_path: pathlib.Path) -> None:
    with dripping.serve(b"") as address:
        package = read(str(compiled.write(tmp_path, image=f"{address}/team/millrace:1")), [])
        (said,) = images.check(package, 0.5)
    assert "no whole answer within 0.5 s" in said


def test_a_registry_that_drips_is_given_up() -> None:
    with (
        dripping.serve(dripping.HEAD) as address,
        pytest.raises(registry.UnreadableError, match=rf"^{address}: no whole answer within 0.5 s$"),
    ):
        registry.labels(registry.parse(f"{address}/team/millrace:1"), seconds=0.5)


def test_what_a_call_returns_or_raises_is_passed_on() -> None:
    assert within(5, lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 / 0)
