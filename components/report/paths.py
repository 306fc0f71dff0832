"""Small charts as the path of an SVG, 100 high and stretched by the page to the place that it has."""

from collections.abc import Sequence
from typing import Optional

Range = tuple[float, float]


def steps(shares: Sequence[float], top: float) -> str:
    """The outline of bars, each one wide; a share of `top` is as high as the chart."""
    bars = "".join(f"V{_y(share, (0.0, top))}h1" for share in shares)
    return f"M0,100{bars}V100"


def line(values: Sequence[Optional[float]], limits: Range) -> str:
    """A line through values one apart, from limits[0] at the bottom to limits[1] at the top; None is a gap in it."""
    path, drawing = "", False
    for x, value in enumerate(values):
        if value is not None:
            path += f"{'L' if drawing else 'M'}{x},{_y(value, limits)}"
        drawing = value is not None
    return path


def dots(values: Sequence[Optional[float]], limits: Range) -> str:
    """A dot for each value of such a line: a stroke without length, which stays round however it is stretched."""
    return "".join(f"M{x},{_y(value, limits)}h0" for x, value in enumerate(values) if value is not None)


def _y(value: float, limits: Range) -> str:
    low, high = limits
    return f"{100 - 100 * (value - low) / ((high - low) or 1):.4g}"
