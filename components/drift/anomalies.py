"""What of the current data breaks the schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Anomaly:
    """One of TFDV's anomalies.

    Attributes:
        short, long: TFDV's own words.
        rows: examples of it, value by column; only where they are wanted.
    """

    feature: str
    short: str
    long: str
    rows: Sequence[Mapping[str, str]] = ()
