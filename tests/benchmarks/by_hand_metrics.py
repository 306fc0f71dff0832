"""What the script without a pipeline measures of a model, by scikit-learn: what both pipelines have TFMA compute."""

from __future__ import annotations

import numpy as np
from sklearn import calibration, metrics

Measures = dict[str, object]


def by_slice(labels: np.ndarray, scores: np.ndarray, column: str, values: np.ndarray) -> dict[str, Measures]:
    """The measures of all rows, under "", and of those with each value of a column; all arrays are [rows]."""
    found = {"": measures(labels, scores)}
    for value in np.unique(values):
        here = values == value
        found[f"{column}={value}"] = measures(labels[here], scores[here])
    return found


def measures(labels: np.ndarray, scores: np.ndarray) -> Measures:
    """Of one slice; None where only one class is in it and both are needed."""
    guesses = scores > 0.5
    both = len(np.unique(labels)) == 2
    false_rate, true_rate, thresholds = metrics.roc_curve(labels, scores) if both else (np.empty(0),) * 3
    shares, means = calibration.calibration_curve(labels, scores, n_bins=100)
    mean_label, mean_prediction = float(labels.mean()), float(scores.mean())
    return {
        "accuracy": float(metrics.accuracy_score(labels, guesses)),
        "auc": float(metrics.roc_auc_score(labels, scores)) if both else None,
        "auc_precision_recall": float(metrics.average_precision_score(labels, scores)) if both else None,
        "precision": float(metrics.precision_score(labels, guesses, zero_division=0)),
        "recall": float(metrics.recall_score(labels, guesses, zero_division=0)),
        "f1_score": float(metrics.f1_score(labels, guesses, zero_division=0)),
        "binary_crossentropy": float(metrics.log_loss(labels, scores.astype("float64"), labels=[0, 1])),
        "calibration": mean_prediction / mean_label if mean_label else None,
        "mean_label": mean_label,
        "mean_prediction": mean_prediction,
        "example_count": len(labels),
        "roc_curve": [false_rate.tolist(), true_rate.tolist(), np.minimum(thresholds, 1).tolist()],
        "calibration_curve": [means.tolist(), shares.tolist()],
    }
