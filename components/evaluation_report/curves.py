"""From TFMA's thousand thresholds and buckets to lines of some dozen points."""

import math
from collections.abc import Sequence
from typing import Any, Optional

from components.evaluation_report.result import Confusion, Curve

MOST_CLASSES = 40
"""In a confusion matrix that one can read; of more classes there is a list of as many confusions."""
_POINTS = 80
_BINS = 10


def roc(matrices: Sequence[Any]) -> Curve:
    """False positive rate against true positive rate, from the highest threshold down (`matrices` rise)."""
    points = [(m.false_positive_rate, m.recall) for m in matrices]
    return _thinned([(0.0, 0.0), *_finite(points)[::-1], (1.0, 1.0)])


def precision_recall(matrices: Sequence[Any]) -> Curve:
    """Recall against precision, where anything is predicted positive at all, from the highest threshold down."""
    points = [(m.recall, m.precision) for m in matrices if m.true_positives + m.false_positives > 0]
    return _thinned(_finite(points)[::-1])


def calibration(buckets: Sequence[Any]) -> Curve:
    """Mean score against the share of positives, in ten groups of about equally many examples."""
    filled = [
        (b.num_weighted_examples.value, b.total_weighted_refined_prediction.value, b.total_weighted_label.value)
        for b in buckets
        if b.num_weighted_examples.value > 0
    ]
    total = sum(weight for weight, _, _ in filled)
    groups: list[list[float]] = []
    seen = 0.0
    for weight, scores, positives in filled:
        if not groups or seen >= total * len(groups) / _BINS:
            groups.append([0.0, 0.0, 0.0])
        groups[-1] = [groups[-1][0] + weight, groups[-1][1] + scores, groups[-1][2] + positives]
        seen += weight
    return Curve(x=[group[1] / group[0] for group in groups], y=[group[2] / group[0] for group in groups])


def confusion(matrices: Sequence[Any], classes: int) -> list[list[float]]:
    """Weights by [actual][predicted]."""
    entries = [(e.actual_class_id, e.predicted_class_id, e.num_weighted_examples) for e in matrices[0].entries]
    size = max([classes, *(1 + max(actual, predicted) for actual, predicted, _ in entries)])
    table = [[0.0] * size for _ in range(size)]
    for actual, predicted, weight in entries:
        if actual >= 0 and predicted >= 0:
            table[actual][predicted] += weight
    return table


def confusions(table: list[list[float]]) -> list[Confusion]:
    """The most frequent ones."""
    found = [
        Confusion(actual=actual, predicted=predicted, weight=weight, share=weight / sum(row))
        for actual, row in enumerate(table)
        for predicted, weight in enumerate(row)
        if weight and predicted != actual
    ]
    return sorted(found, key=lambda each: -each.weight)[:MOST_CLASSES]


def sample(pairs: Sequence[Sequence[float]]) -> Optional[Curve]:
    """Predictions and labels of a regression."""
    found = _finite([(pair[0], pair[1]) for pair in pairs])
    return Curve(x=[x for x, _ in found], y=[y for _, y in found]) if found else None


def _finite(points: "Sequence[tuple[float, float]]") -> "list[tuple[float, float]]":
    return [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]


def _thinned(points: "Sequence[tuple[float, float]]") -> Curve:
    """The ends, and between them points that lie apart: no more than about _POINTS of them."""
    kept = list(points[:1])
    for point in points[1:]:
        if math.dist(point, kept[-1]) >= 2.0 / _POINTS:
            kept.append(point)
    if points and kept[-1] != points[-1]:
        kept.append(points[-1])
    return Curve(x=[round(x, 4) for x, _ in kept], y=[round(y, 4) for _, y in kept])
