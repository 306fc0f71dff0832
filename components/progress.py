"""How an executor tells the outside how far it is: a function call here, a line in the terminal there."""

from collections.abc import Callable, Mapping
from typing import Optional, Union

Value = Union[int, float, str]
_sink: Optional[Callable[[Mapping[str, Value]], None]] = None


def set_sink(sink: Optional[Callable[[Mapping[str, Value]], None]]) -> None:
    """Send what `report` gets to `sink`; the runner does so in each executor's process. None drops it."""
    global _sink
    _sink = sink


def report(**fields: Value) -> None:
    """Report progress: report(epoch=2, epochs=5, step=40, steps=150, loss=0.31). Without a listener nothing happens."""
    if _sink is not None:
        _sink(fields)
