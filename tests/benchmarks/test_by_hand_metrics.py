"""The script's metrics, on four rows."""

import numpy as np
import pytest

from tests.benchmarks.by_hand_metrics import by_slice

LABELS = np.array([0, 1, 1, 0])
SCORES = np.array([0.1, 0.8, 0.4, 0.6], "float32")


def test_metrics_of_all_rows_and_of_each_value():
    found = by_slice(LABELS, SCORES, "hour", np.array([7, 7, 8, 8]))
    assert list(found) == ["", "hour=7", "hour=8"]
    overall = found[""]
    assert {name: overall[name] for name in ("accuracy", "precision", "recall", "f1_score", "mean_label")} == {
        "accuracy": 0.5, "precision": 0.5, "recall": 0.5, "f1_score": 0.5, "mean_label": 0.5,
    }  # fmt: skip
    assert overall["auc"] == 0.75
    assert overall["calibration"] == pytest.approx(1.9 / 2)
    assert overall["binary_crossentropy"] == pytest.approx(-np.log([0.9, 0.8, 0.4, 0.4]).mean(), rel=1e-6)
    assert (found["hour=7"]["accuracy"], found["hour=8"]["accuracy"]) == (1, 0)
    assert found["hour=8"]["example_count"] == 2


def test_a_slice_of_one_class_has_no_ranking():
    found = by_slice(np.array([0, 0]), np.array([0.1, 0.2]), "hour", np.array([1, 1]))["hour=1"]
    assert (found["auc"], found["calibration"], found["recall"]) == (None, None, 0)
