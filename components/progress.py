"""How an executor tells the outside how far it is: a function call here, a line in the terminal there."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Optional, Union

Value = Union[int, float, str]
_sink: Optional[Callable[[Mapping[str, Value]], None]] = None
_around: dict[str, Value] = {}


def set_sink(sink: Optional[Callable[[Mapping[str, Value]], None]]) -> None:
    """Send what `report` gets to `sink`; the runner does so in each executor's process. None drops it."""
    global _sink
    _sink = sink


def report(**fields: Value) -> None:
    """Report progress: report(epoch=2, epochs=5, step=40, steps=150, loss=0.31). Without a listener nothing happens."""
    if _sink is not None:
        _sink({**_around, **fields})


@contextmanager
def within(**fields: Value) -> Iterator[None]:
    """Put these before the fields of every report made meanwhile: with within(trial=2, trials=10)."""
    global _around
    before, _around = _around, {**_around, **fields}
    try:
        yield
    finally:
        _around = before
