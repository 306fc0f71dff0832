"""Earlier spans of a window that still have to be ingested: runs of their own, before the one that needs them."""

from __future__ import annotations

import dataclasses
from typing import Iterator

from pipeline.config import Config
from pipeline.runs import RunRecord


@dataclasses.dataclass(frozen=True)
class Part:
    """The run of one earlier span."""

    config: Config
    record: RunRecord


def parts(config: Config, record: RunRecord) -> Iterator[Part]:
    """The runs to do first, oldest span first."""
    yield from ()
