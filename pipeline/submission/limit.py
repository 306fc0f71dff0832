"""A limit for the whole of a call: timeouts of sockets begin anew with every byte, and name look-ups have none."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import TypeVar, Union

Answer = TypeVar("Answer")


def within(seconds: float, call: Callable[[], Answer]) -> Answer:
    """What `call` returns or raises.

    Raises:
        TimeoutError: it has done neither for so long. It is left behind in a thread that no process waits for.
    """
    ended: queue.SimpleQueue[tuple[Union[BaseException, None], list[Answer]]] = queue.SimpleQueue()

    def run() -> None:
        try:
            ended.put((None, [call()]))
        except BaseException as error:
            ended.put((error, []))

    threading.Thread(target=run, daemon=True).start()
    try:
        error, answers = ended.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if error:
        raise error
    return answers[0]
