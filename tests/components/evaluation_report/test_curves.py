"""Curves from literal confusion matrices and buckets."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from components.evaluation_report.curves import calibration, confusion, confusions, precision_recall, roc, sample


def matrix(tp: float, fp: float, fn: float, tn: float) -> Any:
    return SimpleNamespace(
        true_positives=tp,
        false_positives=fp,
        recall=tp / (tp + fn),
        precision=tp / (tp + fp) if tp + fp else float("nan"),
        false_positive_rate=fp / (fp + tn),
    )


# From the lowest threshold to the highest, as TFMA has them.
MATRICES = [matrix(4, 4, 0, 0), matrix(4, 2, 0, 2), matrix(2, 0, 2, 4), matrix(0, 0, 4, 4)]


def test_roc_goes_from_corner_to_corner() -> None:
    curve = roc(MATRICES)
    assert list(zip(curve.x, curve.y, strict=True)) == [(0, 0), (0, 0.5), (0.5, 1), (1, 1)]


def test_precision_falls_where_the_recall_stays_and_nothing_predicted_is_no_point() -> None:
    curve = precision_recall(MATRICES)
    assert list(zip(curve.x, curve.y, strict=True)) == [(0.5, 1), (1, 0.6667), (1, 0.5)]


def test_thousands_of_points_are_thinned() -> None:
    curve = roc([matrix(1000 - step, 1000 - step, step, step) for step in range(1000)])
    assert 30 <= len(curve.x) <= 80
    assert (curve.x[0], curve.x[-1]) == (0.0, 1.0)


def test_calibration_has_groups_of_equal_weight() -> None:
    def bucket(weight: float, score: float, positives: float) -> Any:
        values = {"num_weighted_examples": weight, "total_weighted_refined_prediction": weight * score}
        values["total_weighted_label"] = positives
        return SimpleNamespace(**{name: SimpleNamespace(value=value) for name, value in values.items()})

    curve = calibration([bucket(0, 0.0, 0), *(bucket(10, index / 20, index) for index in range(20))])
    assert len(curve.x) == 10
    assert curve.x[0] == pytest.approx((0 + 1 / 20) / 2)
    assert curve.y[0] == pytest.approx((0 + 1) / 20)


def test_confusion_is_filled_up_to_all_classes() -> None:
    entries = [SimpleNamespace(actual_class_id=0, predicted_class_id=1, num_weighted_examples=3.0)]
    assert confusion([SimpleNamespace(entries=entries)], 3) == [[0, 3, 0], [0, 0, 0], [0, 0, 0]]


def test_the_most_frequent_confusions_come_first_without_what_is_right() -> None:
    found = confusions([[9, 1, 0], [6, 2, 0], [0, 0, 0]])
    assert [(each.actual, each.predicted, each.weight, each.share) for each in found] == [
        (1, 0, 6, 0.75),
        (0, 1, 1, 0.1),
    ]
    assert len(confusions([[1.0] * 50] * 50)) == 40


def test_a_sample_leaves_out_what_is_not_finite() -> None:
    curve = sample([[1.0, 2.0], [float("nan"), 1.0]])
    assert curve is not None
    assert (curve.x, curve.y) == ([1.0], [2.0])
    assert sample([]) is None
