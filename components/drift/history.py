"""How features went from span to span."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

from components.drift.measures import Measured


@dataclass(frozen=True)
class Point:
    """A feature in one span.

    Attributes:
        measured: against the span before; nothing for the first.
        center: its median; None for what is no number.
        top: its most frequent value and that one's share; None for numbers.
    """

    measured: Mapping[str, Measured]
    missing_share: float
    center: Optional[float]
    top: Optional[tuple[str, float]]


@dataclass(frozen=True)
class Step:
    """A span, by its label, with its features by name."""

    label: str
    features: Mapping[str, Point]
