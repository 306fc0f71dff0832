"""What rows with the same key come to."""

import dataclasses

import pytest

from components.drift.row_skew import FeatureSkew, RowSkew

ALIKE = FeatureSkew("x", matched=1500, mismatched=0, baseline_only=0, current_only=0)
MOVED = FeatureSkew("y", matched=1497, mismatched=1, baseline_only=1, current_only=1)
FOUND = RowSkew(("id", "day"), 1500, 3, 2, 0, 1, 0.0, (MOVED, ALIKE))


def test_a_value_on_one_side_only_differs() -> None:
    assert (MOVED.pairs, MOVED.share) == (1500, pytest.approx(3 / 1500))
    assert (ALIKE.share, FeatureSkew("z", 0, 0, 0, 0).share) == (0.0, 0.0)


def test_what_differs_more_than_it_may_exceeds() -> None:
    assert FOUND.exceeded == [MOVED]
    assert dataclasses.replace(FOUND, threshold=0.01).exceeded == []


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (FOUND, "rows with the same id, day differ in 1 of 2 features"),
        (dataclasses.replace(FOUND, features=(ALIKE,)), "the 1,500 rows with the same id, day are alike"),
        (
            dataclasses.replace(FOUND, features=(), pairs=0, duplicated=1200),
            "no row of one side has a partner with the same id, day on the other (left out, as not unique: 1,200)",
        ),
    ],
    ids=["moved", "alike", "alone"],
)
def test_the_verdict_is_part_of_a_sentence(found: RowSkew, verdict: str) -> None:
    assert found.verdict == verdict
