"""Metrics that TFMA lacks, as TFMA metrics: an EvalConfig names them by this module and their class.

Scores of several classes go by the class with the highest probability (TFMA's own compare each class with a
threshold of 0.5); macro averages are over the classes that occur as a label or as a prediction, like
scikit-learn's with zero_division=0.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Optional

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import confusion_matrix_metrics, metric_types, metric_util
from tensorflow_model_analysis.metrics import multi_class_confusion_matrix_metrics as confusion

Terms = Callable[[np.ndarray, np.ndarray], np.ndarray]
Result = Callable[[np.ndarray], float]

SAMPLE_NAME = "prediction_sample"
_SAMPLE_SIZE = 300
_EPSILON = 1e-7


class _Sums(beam.CombineFn):
    """Weighted sums of terms of each example, and a number made from them. The first sum is that of the weights."""

    def __init__(self, key: metric_types.MetricKey, eval_config: Any, terms: Terms, result: Result) -> None:
        self._key = key
        self._eval_config = eval_config
        self._terms = terms
        self._result = result

    def create_accumulator(self) -> np.ndarray:
        return np.zeros(1)

    def add_input(self, accumulator: np.ndarray, element: Any) -> np.ndarray:
        for label, prediction, weight in triples(element, self._key, self._eval_config):
            terms = np.concatenate(([1.0], self._terms(label, prediction))) * weight
            accumulator = terms + (accumulator if accumulator.size > 1 else 0.0)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[np.ndarray]) -> np.ndarray:
        filled = [accumulator for accumulator in accumulators if accumulator.size > 1]
        return np.sum(filled, axis=0) if filled else np.zeros(1)

    def extract_output(self, accumulator: np.ndarray) -> dict[metric_types.MetricKey, float]:
        return {self._key: self._result(accumulator) if accumulator[0] > 0 else float("nan")}


def triples(element: Any, key: metric_types.MetricKey, eval_config: Any) -> Iterable[Any]:
    """(label, prediction, weight) of an example; labels and predictions as flat arrays."""
    found = metric_util.to_label_prediction_example_weight(
        element,
        eval_config=eval_config,
        model_name=key.model_name,
        output_name=key.output_name,
        example_weighted=key.example_weighted,
        flatten=False,
    )
    for label, prediction, weight in found:
        yield np.ravel(label), np.ravel(prediction), metric_util.safe_to_scalar(weight)


def _computation(combiner: Any, key: metric_types.MetricKey) -> list[Any]:
    return [metric_types.MetricComputation(keys=[key], preprocessors=None, combiner=combiner)]


def key_of(name: str, model_name: str, output_name: str, example_weighted: bool) -> metric_types.MetricKey:
    """The key of a metric without sub-keys."""
    return metric_types.MetricKey(
        name=name, model_name=model_name, output_name=output_name, example_weighted=example_weighted
    )


def _sums(terms: Terms, result: Result) -> Callable[..., Any]:
    def create(
        name: str,
        eval_config: Optional[Any] = None,
        model_name: str = "",
        output_name: str = "",
        example_weighted: bool = False,
    ) -> list[Any]:
        key = key_of(name, model_name, output_name, example_weighted)
        return _computation(_Sums(key, eval_config, terms, result), key)

    return metric_util.merge_per_key_computations(create)


def _squares(label: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    value = float(label[0])
    return np.array([value, value**2, (value - float(prediction[0])) ** 2])


def _rmse(sums: np.ndarray) -> float:
    return float(np.sqrt(sums[3] / sums[0]))


def _r2(sums: np.ndarray) -> float:
    total = sums[2] - sums[1] ** 2 / sums[0]
    # All labels alike: the share of a variance of 0 that is explained is not defined.
    return float(1.0 - sums[3] / total) if total > 0 else float("nan")


def _surprise(label: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    return np.array([-np.log(np.clip(prediction[int(label[0])], _EPSILON, 1.0))])


def _mean(sums: np.ndarray) -> float:
    return float(sums[1] / sums[0])


class RocAuc(confusion_matrix_metrics.AUC):
    """TFMA's AUC, but NaN where there is only one class: TFMA says 0.0, which reads as a very bad model."""

    def _metric_value(self, **inputs: Any) -> float:
        matrices = inputs["matrices"]
        has_both = matrices.tp[0] + matrices.fn[0] > 0 and matrices.fp[0] + matrices.tn[0] > 0
        return float(super()._metric_value(**inputs)) if has_both else float("nan")


class PrecisionRecallAuc(confusion_matrix_metrics.AUCPrecisionRecall):
    """TFMA's area under precision over recall, but NaN where there are no positives: TFMA says 0.0."""

    def _metric_value(self, **inputs: Any) -> float:
        has_positives = inputs["matrices"].tp[0] + inputs["matrices"].fn[0] > 0
        return float(super()._metric_value(**inputs)) if has_positives else float("nan")


class RootMeanSquaredError(metric_types.Metric):
    """sqrt(mean((label - prediction)^2))."""

    def __init__(self, name: str = "rmse") -> None:
        super().__init__(_sums(_squares, _rmse), name=name)


class CoefficientOfDetermination(metric_types.Metric):
    """R^2 = 1 - sum((label - prediction)^2) / sum((label - mean label)^2); NaN where all labels are alike."""

    def __init__(self, name: str = "r2") -> None:
        super().__init__(_sums(_squares, _r2), name=name)


class SparseLogLoss(metric_types.Metric):
    """mean(-log(probability of the label's class)), the label being a class id; probabilities are at least 1e-7."""

    def __init__(self, name: str = "log_loss") -> None:
        super().__init__(_sums(_surprise, _mean), name=name)


def confusion_scores(entries: Mapping[Any, float]) -> dict[str, float]:
    """accuracy and macro precision, recall and f1.

    Args:
        entries: weight of the examples by (actual class, predicted class).
    """
    total = sum(entries.values())
    if not total:
        return dict.fromkeys(("accuracy", "precision", "recall", "f1"), float("nan"))
    classes = sorted({each for pair in entries for each in pair})
    hits = np.array([entries.get((each, each), 0.0) for each in classes])
    actual = np.array([sum(weight for (label, _), weight in entries.items() if label == each) for each in classes])
    predicted = np.array([sum(weight for (_, guess), weight in entries.items() if guess == each) for each in classes])
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


class _Sample(beam.CombineFn):
    """The (prediction, label) pairs whose hashes are lowest: the same ones however the data is dealt to workers."""

    def __init__(self, key: metric_types.MetricKey, eval_config: Any) -> None:
        self._key = key
        self._eval_config = eval_config

    def create_accumulator(self) -> list[Any]:
        return []

    def add_input(self, accumulator: list[Any], element: Any) -> list[Any]:
        for label, prediction, _ in triples(element, self._key, self._eval_config):
            pair = (float(prediction[0]), float(label[0]))
            accumulator.append((hashlib.md5(repr(pair).encode()).hexdigest(), pair))
        return accumulator if len(accumulator) < 2 * _SAMPLE_SIZE else sorted(accumulator)[:_SAMPLE_SIZE]

    def merge_accumulators(self, accumulators: Iterable[list[Any]]) -> list[Any]:
        return sorted(pair for accumulator in accumulators for pair in accumulator)[:_SAMPLE_SIZE]

    def extract_output(self, accumulator: list[Any]) -> dict[metric_types.MetricKey, bytes]:
        # Bytes, as TFMA would take differences and confidence intervals of an array.
        pairs = [pair for _, pair in sorted(accumulator)[:_SAMPLE_SIZE]]
        return {self._key: json.dumps(pairs).encode()}


def _sample(
    name: str,
    eval_config: Optional[Any] = None,
    model_name: str = "",
    output_name: str = "",
    example_weighted: bool = False,
) -> list[Any]:
    key = key_of(name, model_name, output_name, example_weighted)
    return _computation(_Sample(key, eval_config), key)


class PredictionSample(metric_types.Metric):
    """Up to 300 pairs [prediction, label] as JSON, for the plot of a regression."""

    def __init__(self, name: str = SAMPLE_NAME) -> None:
        super().__init__(metric_util.merge_per_key_computations(_sample), name=name)
