"""What pairs of measurements say: medians, and ratios taken pair by pair.

The two of a pair are measured one right after the other, so a machine whose speed drifts from minute to minute still
gives a ratio that holds; the median of such ratios says more than the ratio of medians.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any


def spread(name: str, ratios: Sequence[float]) -> dict[str, float]:
    """Median, least and greatest of the ratios, as NAME, NAME_min and NAME_max."""
    return {name: statistics.median(ratios), f"{name}_min": min(ratios), f"{name}_max": max(ratios)}


def written(row: Mapping[str, Any], name: str) -> str:
    """What `spread` found, for a table: a median, and where it has a spread that."""
    least, greatest = row[f"{name}_min"], row[f"{name}_max"]
    return f"{row[name]:.2f}" + (f" ({least:.2f} to {greatest:.2f})" if least != greatest else "")
