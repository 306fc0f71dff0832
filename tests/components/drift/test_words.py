"""What is said of a feature."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from components.drift import words
from components.statistics.shapes import shape
from tests.components.drift.data import compared, feature, normal


def _movement(before: Sequence[Any], after: Sequence[Any]) -> str:
    return words.movement(shape(feature(before).distribution, feature(after).distribution))


def test_a_number_that_moved_is_told_by_the_quantile_that_moved_most() -> None:
    before = np.concatenate([np.zeros(900), np.full(100, 5.0)])
    after = np.concatenate([np.zeros(900), np.full(100, 7.0)])
    assert _movement(before, after) == "p95 5 → 7"
    assert _movement(before, before) == ""


def test_a_category_that_moved_is_told_by_the_value_that_moved_most() -> None:
    assert _movement(["a"] * 80 + ["b"] * 20, ["a"] * 50 + ["b"] * 50) == "a 80.0 % → 50.0 %"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (normal(2000), normal(2000, 1, 1.0), "Kolmogorov-Smirnov decides (a number: .*, above its threshold"),
        (normal(2000), normal(2000, 0), "Kolmogorov-Smirnov decides (a number: .*): 0, within its threshold"),
        (normal(10), normal(10, 1), "is above its threshold of 0.0500, but no more than chance explains"),
        ([1.5, 2.5], ["a", "b"], "But not all of it is comparable: its type was float and is string"),
    ],
    ids=["drift", "ok", "chance", "not comparable"],
)
def test_what_decided_is_said_with_the_reason(before: list, after: list, said: str) -> None:
    start, _, end = said.partition(".*")
    decision = words.decision(compared(before, after))
    assert start in decision
    assert end in decision


def test_an_alarm_names_role_part_and_all_that_is_exceeded() -> None:
    values = normal(1000)
    result = compared(values, np.where(np.arange(1000) % 2 == 0, np.nan, values + 3))
    label = dataclasses.replace(result, role="label")
    assert words.alarm(result).startswith("x: Kolmogorov-Smirnov 0.")
    assert words.alarm(label, "kind_a").startswith("label x in kind_a: Kolmogorov-Smirnov 0.")
    assert words.alarm(result).endswith(", change of missing values 0.5000 > 0.0200")
