"""What runs functions in processes of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from pipeline.runners.fork_server import Answer, Send


class Server(Protocol):
    """`ForkServer` where many are wanted, `Spawner` where few are."""

    def call(self, function: Callable[..., Any], *args: Any, receive: Send) -> Answer:
        """`function(send, *args)`; what it sends meanwhile goes to `receive`.

        Raises:
            ChildDied: its process is gone without an answer.
            Exception: what `function` raised.
        """

    def close(self) -> None:
        """Kill whatever still runs, and take no more calls. Closing again does nothing."""
