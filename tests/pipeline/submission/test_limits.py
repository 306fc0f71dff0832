"""Whoever answers byte by byte is not listened to for ever."""

from __future__ import annotations

import time

import kfp_server_api
import pytest

from pipeline.submission import registry
from pipeline.submission.limit import within
from pipeline.submission.transport import CallError, Transport
from tests.pipeline.submission import dripping


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX-Never-Ends: ", dripping.HEAD], ids=["", "head", "body"])
def test_a_kfp_that_drips_is_given_up(start: bytes) -> None:
    with dripping.serve(start) as address:
        configuration = kfp_server_api.Configuration(host=f"http://{address}")
        began = time.monotonic()
        with pytest.raises(CallError, match=rf"^http://{address}: no whole answer to GET /x within 0.5 s: ") as late:
            Transport(configuration, seconds=0.5).request("GET", f"http://{address}/x")
    assert time.monotonic() - began < 5
    assert late.value.passing  # --wait waits on


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
