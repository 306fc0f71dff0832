"""Flink's REST interface, as far as jobs and slots go.

Reference: https://nightlies.apache.org/flink/flink-docs-release-1.19/docs/ops/rest_api/
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Collection
from typing import Any

_FINAL = ("FINISHED", "CANCELED", "FAILED")


class Unreachable(Exception):
    """Nobody answers there as Flink does."""


class JobManager:
    """Of one cluster. Each question raises Unreachable where it does not answer it."""

    def __init__(self, master: str, timeout: float = 10.0) -> None:
        """Args:
        master: HOST:PORT, or a URL.
        """
        self.url = master.rstrip("/") if "://" in master else f"http://{master}"
        # What the environment says of proxies is meant for the world; an address with a port is of this network.
        proxies = urllib.request.ProxyHandler(None if "://" in master else {})
        self._open = urllib.request.build_opener(proxies).open
        self._timeout = timeout

    def overview(self) -> dict[str, Any]:
        """`flink-version`, `taskmanagers`, `slots-total`, `slots-available`, …"""
        found: dict[str, Any] = self._ask("GET", "/overview")
        if "flink-version" not in found:
            raise Unreachable(f"{self.url} answers, but is no Flink")
        return found

    def taskmanagers(self) -> list[dict[str, Any]]:
        """Each one's `id`, `slotsNumber`, `freeSlots`, …"""
        found: list[dict[str, Any]] = self._ask("GET", "/taskmanagers")["taskmanagers"]
        return found

    def jobs(self) -> list[dict[str, Any]]:
        """Of each job `jid`, `name`, `state`, `tasks`, oldest first."""
        found: list[dict[str, Any]] = self._ask("GET", "/jobs/overview")["jobs"]
        return sorted(found, key=lambda job: int(job["start-time"]))

    def failure(self, job: str) -> str:
        """What a job, or a part of it, failed of last, in a line; empty where nothing has."""
        entries = self._ask("GET", f"/jobs/{job}/exceptions")["exceptionHistory"]["entries"]
        return _told(max(entries, key=lambda each: int(each["timestamp"]))["stacktrace"]) if entries else ""

    def cancel(self, job: str) -> None:
        """Ask for the end of a job, of which it may be the end already."""
        self._ask("PATCH", f"/jobs/{job}?mode=cancel", but=(404, 409))

    def _ask(self, method: str, path: str, but: Collection[int] = ()) -> Any:
        """Flink's answer; nothing where that is one of the errors of `but`."""
        request = urllib.request.Request(self.url + path, method=method)
        try:
            with self._open(request, timeout=self._timeout) as answer:
                return json.loads(answer.read() or "{}")
        except urllib.error.HTTPError as error:
            if error.code in but:
                return {}
            # From 500 on, a JobManager that is still beginning, or a proxy in front of none.
            is_none = " answers, but is no Flink" if error.code < 500 else ""
            raise Unreachable(f"{self.url}{is_none}: {error.code} {error.reason}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise Unreachable(f"{self.url}: {reason}") from None


def _told(stacktrace: str) -> str:
    """The end of the message above Java's stack: where Beam passes on an error of Python's, that is the error."""
    message = stacktrace.partition("\n\tat ")[0].strip()
    return message.splitlines()[-1] if message else ""


def runs(job: dict[str, Any]) -> bool:
    """Whether a job may still do something."""
    return job["state"] not in _FINAL
