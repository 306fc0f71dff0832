"""What runs functions in processes of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

Send = Callable[[Any], None]
"""Takes what a function tells while it runs."""


class ChildDied(Exception):
    """A child ended without an answer.

    Attributes:
        signal: the signal that killed it, or None when it exited by itself.
        status: its exit status, when it did.
    """

    def __init__(self, signal_number: int | None, status: int | None) -> None:
        super().__init__(signal_number, status)
        self.signal = signal_number
        self.status = status


class Usage(NamedTuple):
    """What a child and those that it started and waited for have taken.

    Attributes:
        peak_memory: the most that one of them had resident, in bytes.
        processor_seconds: user and system time of all.
    """

    peak_memory: int
    processor_seconds: float


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a child returned, and what it took.

    Attributes:
        waited: seconds until there was a child: before the first one is forked, all is imported that children need.
    """

    value: Any
    usage: Usage
    waited: float = 0.0


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
