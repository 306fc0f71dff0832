"""Geometry of charts, and numbers for people."""

from __future__ import annotations

import pytest

from components.report.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Series, chart, ticks
from components.report.page import counted, number, signed


def test_points_are_placed_inside_the_frame() -> None:
    drawn = chart("t", "d", "x", "y", [Series("a", "candidate", [(0, 0), (1, 1)], marks=True)], (0, 1), (0, 1))
    assert drawn.series[0].dots == [(LEFT, HEIGHT - BOTTOM), (WIDTH - RIGHT, TOP)]
    assert drawn.series[0].path == f"M{LEFT},{HEIGHT - BOTTOM}L{WIDTH - RIGHT},{TOP}"
    assert drawn.table == [("a", [("0", "0"), ("1", "1")])]


def test_a_range_without_extent_still_has_room() -> None:
    drawn = chart("t", "d", "x", "y", [Series("a", "candidate", [(3.0, 0.0), (3.0, 0.0)])])
    assert len(drawn.x_ticks) >= 2
    assert len(drawn.y_ticks) >= 2


@pytest.mark.parametrize(
    ("limits", "texts"),
    [
        ((0.0, 1.0), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ((-7.0, 6.0), ["-5", "0", "5"]),
        ((0.0, 30000.0), ["0", "10,000", "20,000", "30,000"]),
        ((0.001, 0.0022), ["0.0010", "0.0015", "0.0020"]),
    ],
)
def test_ticks_are_round(limits: tuple[float, float], texts: list[str]) -> None:
    assert [text for _, text in ticks(limits)] == texts


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (1500.0, "1,500"),
        (0.75, "0.7500"),
        (0.00002, "2.0e-5"),
        (1234.5, "1,234"),
        (56789.4, "56,789"),
        (1358000000.0, "1,358,000,000"),
        (1358000000.3, "1,358,000,000"),
        (1.25e20, "1.25e+20"),
    ],
)
def test_numbers(value: float | None, text: str) -> None:
    assert number(value) == text


def test_counts() -> None:
    assert [counted(count, "row") for count in (0, 1, 2000)] == ["0 rows", "1 row", "2,000 rows"]


def test_signs() -> None:
    assert (signed(0.5), signed(-0.5), signed(0.0), signed(None)) == ("+0.5000", "-0.5000", "0", "–")
