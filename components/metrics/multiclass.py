"""Metrics of multi-class heads.

Scores go by the class with the highest probability (TFMA's own compare each class with a threshold of 0.5); macro
averages are over the classes that occur as a label or as a prediction, like scikit-learn's with zero_division=0.
"""

from collections.abc import Mapping
from typing import Any, Optional

import numpy as np
from tensorflow_model_analysis.metrics import metric_types, metric_util
from tensorflow_model_analysis.metrics import multi_class_confusion_matrix_metrics as confusion

from components.metrics.elements import class_ids, key_of
from components.metrics.sums import of_sums

_EPSILON = 1e-7


class SparseLogLoss(metric_types.Metric):
    """mean(-log(probability of the label's class)), the label being a class id; probabilities are at least 1e-7."""

    def __init__(self, name: str = "log_loss") -> None:
        super().__init__(of_sums(_surprise, _mean), name=name)


def confusion_scores(entries: Mapping[Any, float]) -> dict[str, float]:
    """accuracy and macro precision, recall and f1.

    Args:
        entries: weight of the examples by (actual class, predicted class).
    """
    total = sum(entries.values())
    if not total:
        return dict.fromkeys(("accuracy", "precision", "recall", "f1"), float("nan"))
    classes, places = np.unique(np.array(list(entries)), return_inverse=True)
    (rows, columns), weights = places.reshape(-1, 2).T, np.array(list(entries.values()), float)
    actual, predicted = (np.bincount(each, weights, len(classes)) for each in (rows, columns))
    hits = np.bincount(rows, np.where(rows == columns, weights, 0.0), len(classes))
    return {
        "accuracy": float(hits.sum() / total),
        "precision": float(_ratio(hits, predicted).mean()),
        "recall": float(_ratio(hits, actual).mean()),
        "f1": float(_ratio(2 * hits, actual + predicted).mean()),
    }


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _class_score(
    name: str,
    score: str,
    eval_config: Optional[Any] = None,
    model_name: str = "",
    output_name: str = "",
    example_weighted: bool = False,
) -> list[Any]:
    # One confusion matrix, shared by all scores: TFMA computes what has the same key and combiner once.
    computations = confusion.multi_class_confusion_matrices(
        thresholds=[0.0],
        name="_confusion_of_argmax",
        eval_config=eval_config,
        model_name=model_name,
        output_name=output_name,
        example_weighted=example_weighted,
    )
    source = computations[-1].keys[-1]
    key = key_of(name, model_name, output_name, example_weighted)

    def result(metrics: Mapping[metric_types.MetricKey, Any]) -> dict[metric_types.MetricKey, float]:
        entries = {tuple(pair): weight for matrix in metrics[source].values() for pair, weight in matrix.items()}
        return {key: confusion_scores(entries)[score]}

    return [*computations, metric_types.DerivedMetricComputation(keys=[key], result=result)]


class ClassScore(metric_types.Metric):
    """One of `confusion_scores`: accuracy, precision, recall or f1 of a multi-class head."""

    def __init__(self, score: str, name: Optional[str] = None) -> None:
        super().__init__(metric_util.merge_per_key_computations(_class_score), score=score, name=name or score)


def _surprise(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    of_label = predictions[np.arange(len(labels)), class_ids(labels)]
    return -np.log(np.clip(of_label, _EPSILON, 1.0))[:, None]


def _mean(sums: np.ndarray) -> float:
    return float(sums[1] / sums[0])
