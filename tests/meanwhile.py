"""Something that goes on beside a test."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def meanwhile(act: Callable[[], None], every: float) -> Iterator[None]:
    """Within, `act` is called again and again, with so many seconds between."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(every):
            act()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
