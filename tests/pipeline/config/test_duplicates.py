"""Limits of the search for near-duplicates that make no sense."""

from __future__ import annotations

from typing import Any

import pytest

from components.errors import ConfigError
from pipeline.config import Duplicates


@pytest.mark.parametrize(
    "limits",
    [
        {"max_distance": 17},
        {"max_distance": -1},
        {"min_ssim": 0},
        {"min_ssim": 1.1},
        {"max_share": 5},
        {"max_share": -1},
    ],
    ids=str,
)
def test_limits_that_make_no_sense_are_refused(limits: dict[str, Any]) -> None:
    [(field, value)] = limits.items()
    with pytest.raises(ConfigError, match=rf"{field}.*{value}"):
        Duplicates(**limits)


def test_the_ends_are_allowed() -> None:
    assert Duplicates(max_distance=0, min_ssim=1, max_share=0).max_share == 0
    assert Duplicates(max_distance=16, max_share=None).max_share is None
