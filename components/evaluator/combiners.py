"""TFMA's combiners fed with many rows at once.

Accumulators are TFMA's own, so that merging them and what is made of them stays TFMA's code. A function answers None
where rows are more than a label, a prediction and a weight (several labels, chosen classes, class weights, numbers that
TFMA refuses); such rows, and those of combiners that are not listed, TFMA takes one by one.
"""

from collections.abc import Callable, Sequence
from typing import Any, Optional

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.contrib.aggregates import binary_confusion_matrices as entries
from tensorflow_model_analysis.metrics import (
    binary_confusion_matrices,
    calibration,
    calibration_histogram,
    cross_entropy_metrics,
    example_count,
    mean_regression_error,
    metric_types,
    metric_util,
    tf_metric_wrapper,
)
from tensorflow_model_analysis.metrics import multi_class_confusion_matrix_metrics as multi_class

from components.metrics.elements import RowsCombiner
from components.metrics.rows import Rows, Triples

Adder = Callable[[Any, Any, Rows], Optional[Any]]


def add(combiner: beam.CombineFn, accumulator: Any, rows: Rows) -> Any:
    """The accumulator with the rows."""
    if isinstance(combiner, RowsCombiner):
        return combiner.add_rows(accumulator, rows)
    # What a subclass does with a row is its own affair.
    adder = _ADDERS.get(type(combiner))
    added = adder(combiner, accumulator, rows) if adder else None
    return combiner.add_inputs(accumulator, rows.each()) if added is None else added


def merge(combiner: beam.CombineFn, accumulators: Sequence[Any]) -> Any:
    """All accumulators in one."""
    # Of a list, these would count the first twice: they take it from an iterator of their own, then go through all.
    once = isinstance(combiner, _TAKES_FIRST_TWICE)
    return combiner.merge_accumulators(iter(accumulators) if once else accumulators)


def _pairs(combiner: Any, key: Any, rows: Rows) -> Optional[Triples]:
    """One label, prediction and weight for each row, unless the combiner picks some of several."""
    if key.sub_key or combiner._aggregation_type or combiner._class_weights:
        return None
    triples = rows.triples(key, combiner._eval_config)
    return triples if triples and triples.are_pairs else None


def _flat(combiner: Any, rows: Rows, fractional: bool) -> "Optional[tuple[np.ndarray, np.ndarray, np.ndarray]]":
    """Labels, predictions and weights of binary examples, float64 [n]."""
    triples = _pairs(combiner, combiner._key, rows)
    if triples is None:
        return None
    labels, predictions = triples.labels[:, 0].astype(float), triples.predictions[:, 0].astype(float)
    if not np.isfinite(predictions).all() or fractional and not ((labels >= 0) & (labels <= 1)).all():
        return None
    return labels, predictions, triples.weights


def _calibration_histogram(combiner: Any, accumulator: Any, rows: Rows) -> Optional[Any]:
    flat = _flat(combiner, rows, combiner._fractional_labels)
    if flat is None:
        return None
    labels, predictions, weights = flat
    if combiner._fractional_labels:
        counted = weights != 0
        labels, predictions, weights = labels[counted], predictions[counted], weights[counted]
    values = predictions if combiner._prediction_based_bucketing else labels
    count = combiner._num_buckets
    places = (values - combiner._left) / combiner._range * count + 1
    found, rows_of = np.unique(np.clip(places, 0, count + 1).astype(np.int64), return_inverse=True)
    sums = [np.bincount(rows_of, each).tolist() for each in (labels * weights, predictions * weights, weights)]
    for number, *of_bucket in zip(found.tolist(), *sums, strict=True):
        bucket = calibration_histogram.Bucket(number, *of_bucket)
        if number in accumulator:
            accumulator[number].merge(bucket)
        else:
            accumulator[number] = bucket
    return accumulator


def _confusion_matrix(combiner: Any, accumulator: Any, rows: Rows) -> Optional[Any]:
    fractional = combiner._enable_fractional_labels
    usual = combiner._extract_label_prediction_and_weight is metric_util.to_label_prediction_example_weight
    flat = _flat(combiner, rows, fractional) if usual and not combiner._example_id_key else None
    if flat is None:
        return None
    labels, predictions, weights = flat
    matrices = combiner._binary_confusion_matrices
    for threshold in matrices._thresholds:
        positive = weights * (labels if fractional else labels > threshold)
        negative = weights - positive
        found = predictions > threshold
        matrix = entries.Matrix(
            tp=float(positive[found].sum()),
            tn=float(negative[~found].sum()),
            fp=float(negative[found].sum()),
            fn=float(positive[~found].sum()),
        )
        entry = entries._ThresholdEntry(matrix, [], [], [], [])
        accumulator[threshold] = matrices._merge_entry(accumulator, threshold, entry)
    return accumulator


def _means(combiner: Any, accumulator: Any, rows: Rows) -> Optional[Any]:
    triples = _pairs(combiner, combiner._key, rows)
    if triples is None:
        return None
    accumulator.total_weighted_labels += float(triples.weights @ triples.labels[:, 0])
    accumulator.total_weighted_predictions += float(triples.weights @ triples.predictions[:, 0])
    accumulator.total_weighted_examples += float(triples.weights.sum())
    return accumulator


def _binary_cross_entropy(combiner: Any, accumulator: Any, rows: Rows) -> Optional[Any]:
    triples = _pairs(combiner, combiner._metric_key, rows)
    if triples is None:
        return None
    smoothing = combiner._label_smoothing
    labels = triples.labels[:, 0] * (1.0 - smoothing) + 0.5 * smoothing
    predictions = triples.predictions[:, 0]
    # As in TFMA's own, float32 stays float32 up to here.
    if combiner._from_logits:
        surprise = np.maximum(predictions, 0) - predictions * labels + np.log(1 + np.exp(-np.abs(predictions)))
    else:
        surprise = -labels * np.log(predictions) - (1 - labels) * np.log(1 - predictions)
    accumulator.total_cross_entropy += float(triples.weights @ surprise)
    accumulator.total_example_weights += float(triples.weights.sum())
    return accumulator


Errors = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _mean_error(errors: Errors) -> Adder:
    """TFMA's mean of errors; NaN is left out."""

    def adder(combiner: Any, accumulator: Any, rows: Rows) -> Optional[Any]:
        triples = _pairs(combiner, combiner._metric_key, rows)
        if triples is None:
            return None
        found = errors(triples.labels[:, 0], triples.predictions[:, 0]).astype(float)
        counted = ~np.isnan(found)
        accumulator.total_regression_error += float(triples.weights[counted] @ found[counted])
        accumulator.total_example_weights += float(triples.weights[counted].sum())
        return accumulator

    return adder


def _squared(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    return np.abs(labels - predictions).astype(float) ** 2


def _percentage(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    divisors = np.where(labels == 0, np.nan, labels).astype(np.result_type(labels, predictions))
    return 100 * np.abs((labels - predictions) / divisors).astype(float)


def _squared_logarithmic(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    return np.abs(np.log(labels + 1) - np.log(predictions + 1)).astype(float) ** 2


def _multi_class_confusion(combiner: Any, accumulator: Any, rows: Rows) -> Optional[Any]:
    usual = combiner._extract_label_prediction_and_weight is metric_util.to_label_prediction_example_weight
    triples = rows.triples(combiner._key, combiner._eval_config) if usual else None
    # With several thresholds TFMA's own is not what it seems: a class that one of them refuses is gone for the next.
    if triples is None or triples.predictions.shape[1] < 2 or len(combiner._thresholds) > 1:
        return None
    [threshold] = combiner._thresholds
    labels, predictions = triples.labels, triples.predictions
    actual = (labels.argmax(axis=1) if labels.shape[1] > 1 else labels[:, 0]).astype(np.int64)
    best = predictions.argmax(axis=1)
    refused = predictions[np.arange(len(best)), best] <= threshold
    predicted = np.where(refused, multi_class.NO_PREDICTED_CLASS_ID, best)
    found, places = np.unique(np.stack([actual, predicted], axis=1), axis=0, return_inverse=True)
    matrix = accumulator.setdefault(threshold, {})
    for pair, weight in zip(found.tolist(), np.bincount(places.reshape(-1), triples.weights).tolist(), strict=True):
        key = multi_class.MatrixEntryKey(*pair)
        matrix[key] = matrix.get(key, 0.0) + weight
    return accumulator


def _example_count(combiner: Any, accumulator: float, rows: Rows) -> Optional[float]:
    weights = rows.block.inputs.get("example_weights")
    if not combiner._example_weighted or weights is None:
        return accumulator + len(rows)
    return accumulator + float(weights[rows.indices].sum()) if isinstance(weights, np.ndarray) else None


def _keras(combiner: Any, accumulator: Any, rows: Rows) -> Optional[Any]:
    """Keras metrics collect rows themselves, a thousand at a time; what takes long is to find what is in a row."""
    if combiner._sub_key or combiner._aggregation_type or combiner._class_weights or len(combiner._output_names) > 1:
        return None
    [output] = combiner._output_names
    key = metric_types.MetricKey("", combiner._model_name or "", output, example_weighted=combiner._example_weighted)
    triples = rows.triples(key, combiner._eval_config)
    if triples is None:
        return None
    for label, prediction, weight in zip(triples.labels, triples.predictions, triples.weights[:, None], strict=True):
        accumulator.add_input(0, label, prediction, weight)
        if accumulator.should_flush():
            combiner._process_batch(accumulator)
    return accumulator


_TAKES_FIRST_TWICE = (cross_entropy_metrics._CrossEntropyCombiner, mean_regression_error._MeanRegressionErrorCombiner)

_ADDERS: dict[type, Adder] = {
    binary_confusion_matrices._BinaryConfusionMatrixCombiner: _confusion_matrix,
    calibration._WeightedLabelsPredictionsExamplesCombiner: _means,
    calibration_histogram._CalibrationHistogramCombiner: _calibration_histogram,
    cross_entropy_metrics._BinaryCrossEntropyCombiner: _binary_cross_entropy,
    example_count._ExampleCountCombiner: _example_count,
    mean_regression_error._MeanAbsoluteErrorCombiner: _mean_error(lambda label, prediction: np.abs(label - prediction)),
    mean_regression_error._MeanAbsolutePercentageErrorCombiner: _mean_error(_percentage),
    mean_regression_error._MeanSquaredErrorCombiner: _mean_error(_squared),
    mean_regression_error._MeanSquaredLogarithmicErrorCombiner: _mean_error(_squared_logarithmic),
    multi_class._MultiClassConfusionMatrixCombiner: _multi_class_confusion,
    tf_metric_wrapper._CompilableMetricsCombiner: _keras,
}
