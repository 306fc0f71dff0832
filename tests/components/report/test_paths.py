"""Paths of small charts, by their commands."""

import pytest

from components.report import paths


def test_bars_are_as_high_as_their_share_of_the_tallest() -> None:
    assert paths.steps([0.25, 0.5, 0.0], 0.5) == "M0,100V50h1V0h1V100h1V100"


def test_a_line_has_a_gap_where_there_is_no_value() -> None:
    assert paths.line([None, 0.0, 1.0, None, 2.0], (0.0, 2.0)) == "M1,100L2,50M4,0"


def test_dots_stand_where_values_are() -> None:
    assert paths.dots([None, 1.0], (0.0, 2.0)) == "M1,50h0"


@pytest.mark.parametrize("value", [3.0, -3.0, 0.0])
def test_a_range_of_nothing_is_no_division_by_zero(value: float) -> None:
    assert paths.line([value], (value, value)) == "M0,100"
