"""Spans in a row: where each stands, and how far it is from the one before."""

import pytest

from components.drift.history import steps
from tests.components.drift.data import normal, statistics


def test_each_span_is_measured_against_the_one_before() -> None:
    first, second, third = steps(
        [
            ("2026-01", statistics({"x": normal(400), "c": ["a", "b", "b", "b"] * 100})),
            ("2026-02", statistics({"x": normal(400), "c": ["a", "b", "b", "b"] * 100})),
            ("2026-03", statistics({"x": normal(400, mean=1.0), "c": ["a", "a", "b", None] * 100})),
        ]
    )
    assert [step.label for step in (first, second, third)] == ["2026-01", "2026-02", "2026-03"]
    assert first.features["x"].measured == {}
    assert second.features["x"].measured["kolmogorov_smirnov"].value == 0
    assert third.features["x"].measured["kolmogorov_smirnov"].value == pytest.approx(0.38, abs=0.05)
    assert third.features["c"].measured["l_infinity"].value == pytest.approx(2 / 3 - 1 / 4)
    assert third.features["c"].measured["missing"].value == 0.25


def test_where_a_feature_stands() -> None:
    [step] = steps([("1", statistics({"x": [1.0, 2.0, 9.0, None], "c": ["b", "a", "b", "a"], "e": [None] * 4}))])
    number, category, empty = (step.features[name] for name in "xce")
    assert (number.missing_share, number.top) == (0.25, None)
    assert number.center == pytest.approx(2.0, abs=0.1)
    assert (category.center, category.top) == (None, ("a", 0.5))
    assert (empty.missing_share, empty.center, empty.top) == (1.0, None, None)


def test_a_feature_that_is_new_has_not_moved() -> None:
    _, second = steps([("1", statistics({"x": [1.0]})), ("2", statistics({"x": [1.0], "fresh": [1.0]}))])
    assert second.features["fresh"].measured == {}
    assert second.features["x"].measured["wasserstein"].value == 0
