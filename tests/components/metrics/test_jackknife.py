"""Confidence intervals, against the spread over many data sets."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics

from components.metrics import jackknife
from components.metrics.jackknife import (
    GROUPS,
    Counts,
    binary_scores,
    interval,
    multiclass_scores,
    pseudo_values,
    regression_scores,
)


def _binary(labels: np.ndarray, scores: np.ndarray) -> Counts:
    counts: Counts = {}
    for label, score in zip(labels.tolist(), scores.tolist(), strict=True):
        key = (int(label), min(int(score * 1000), 999))
        counts[key] = counts.get(key, 0.0) + 1.0
    return counts


def _draw(random: np.random.RandomState, rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    scores = random.rand(rows)
    return (random.rand(rows) < scores).astype(int), scores


def test_scores_of_a_histogram_equal_scikit_learn() -> None:
    labels, scores = _draw(np.random.RandomState(0), 2000)
    found = binary_scores(_binary(labels, scores))
    guesses = scores >= 0.5
    assert found["auc"] == pytest.approx(sklearn.metrics.roc_auc_score(labels, scores), abs=1e-3)
    assert found["pr_auc"] == pytest.approx(sklearn.metrics.average_precision_score(labels, scores), abs=2e-3)
    assert found["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(labels, guesses))
    assert found["precision"] == pytest.approx(sklearn.metrics.precision_score(labels, guesses))
    assert found["recall"] == pytest.approx(sklearn.metrics.recall_score(labels, guesses))
    assert found["f1"] == pytest.approx(sklearn.metrics.f1_score(labels, guesses))
    assert found["mcc"] == pytest.approx(sklearn.metrics.matthews_corrcoef(labels, guesses))
    assert found["log_loss"] == pytest.approx(sklearn.metrics.log_loss(labels, scores), abs=2e-3)
    assert found["mean_prediction"] == pytest.approx(scores.mean(), abs=1e-3)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    random = np.random.RandomState(1)
    truth = binary_scores(_binary(*_draw(random, 200_000)))
    covered = {"auc": 0, "accuracy": 0, "log_loss": 0}
    draws = 60
    for _ in range(draws):
        labels, scores = _draw(random)
        groups = random.randint(GROUPS, size=len(labels))
        samples = pseudo_values(
            binary_scores, [_binary(labels[groups == group], scores[groups == group]) for group in range(GROUPS)]
        )
        whole = binary_scores(_binary(labels, scores))
        for name in covered:
            bounds = interval(whole[name], samples[name])
            assert bounds is not None
            covered[name] += bounds[0] <= truth[name] <= bounds[1]
    # Binomial: 95 % of 60 are 57, a standard deviation is 1.7.
    assert all(count >= 51 for count in covered.values()), covered


def test_a_small_slice_takes_fewer_groups_and_a_tiny_one_has_no_interval() -> None:
    full: Counts = {(1, 900): 1.0}
    assert len(pseudo_values(binary_scores, [full] * 20)["accuracy"]) == 20
    assert len(pseudo_values(binary_scores, [full] * 19 + [{}])["accuracy"]) == 10
    assert len(pseudo_values(binary_scores, [full] * 5 + [{}] * 15)["accuracy"]) == 5
    assert pseudo_values(binary_scores, [full] * 4 + [{}] * 16) == {}
    assert interval(0.5, []) is None


def test_no_interval_for_what_cannot_be_computed_without_some_group() -> None:
    groups: list[Counts] = [{(0, 100): 1.0} for _ in range(GROUPS - 1)]
    samples = pseudo_values(binary_scores, [*groups, {(1, 900): 1.0}])
    assert math.isnan(samples["auc"][-1])
    assert interval(1.0, samples["auc"]) is None
    assert interval(1.0, samples["accuracy"]) == (1.0, 1.0)


def test_the_mean_of_a_regression_has_its_textbook_interval() -> None:
    values = np.random.RandomState(2).randn(GROUPS)
    groups: list[Counts] = [
        {"weight": 1.0, "label": v, "label^2": v * v, "prediction": 1.0, "error^2": (v - 1) ** 2, "|error|": abs(v - 1)}
        for v in values.tolist()
    ]
    samples = pseudo_values(regression_scores, groups)
    error = jackknife.standard_error(samples["mean_label"])
    assert error == pytest.approx(values.std(ddof=1) / math.sqrt(GROUPS))


def test_multiclass_scores() -> None:
    found = multiclass_scores({(0, 0): 3.0, (0, 1): 1.0, (1, 1): 2.0, "log_loss": 3.0, "top_2_accuracy": 6.0})
    assert found["accuracy"] == pytest.approx(5 / 6)
    assert found["recall"] == pytest.approx((3 / 4 + 1) / 2)
    assert found["precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert found["log_loss"] == pytest.approx(0.5)
