"""Confidence intervals of an evaluation: a delete-a-group jackknife over up to 20 groups of examples.

TFMA has one too, but it recomputes every metric and plot 21 times in Beam, groups at random, and made a small
evaluation twelve times slower. Here one pass keeps a summary of each group (a histogram of scores, a
confusion matrix, or sums), and the metrics without each group come from those. Groups go by a hash of the example,
so that they are the same in every run, and for candidate and baseline, whose difference thereby gets an interval
of its own.

Delete-a-group jackknife: Kott, "Using the Delete-a-Group Jackknife Variance Estimator", USDA 1998.
"""

import functools
import json
import math
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Optional

import numpy as np
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.metrics import metric_types, metric_util

from components.metrics.elements import RowsCombiner, class_ids, computation, key_of
from components.metrics.multiclass import confusion_scores
from components.metrics.rows import Rows, Triples

NAME = "jackknife"
GROUPS = 20
_T_QUANTILES = {20: 2.093, 10: 2.262, 5: 2.776}
"""By groups: of Student's t with a degree of freedom less, for 95 % on both sides. Small slices take fewer groups."""
_BUCKETS = 1000
"""Of the histogram of a binary head's scores; only the intervals go by it, not the metrics themselves."""
_EPSILON = 1e-7

Counts = dict[Any, float]


def interval(value: float, pseudo_values: "list[float]") -> "Optional[tuple[float, float]]":
    """The 95 % confidence interval around `value`; None where a metric could not be computed without some group."""
    error = standard_error(pseudo_values)
    if error is None or not math.isfinite(value):
        return None
    reach = _T_QUANTILES[len(pseudo_values)] * error
    return value - reach, value + reach


def standard_error(pseudo_values: "list[float]") -> Optional[float]:
    """The standard error of a metric, from its pseudo-values; None where one of them is missing."""
    if not pseudo_values or not all(map(math.isfinite, pseudo_values)):
        return None
    return float(np.std(pseudo_values, ddof=1) / math.sqrt(len(pseudo_values)))


def pseudo_values(scores: Callable[[Counts], Mapping[str, float]], groups: "list[Counts]") -> dict[str, list[float]]:
    """n * metric(all) - (n - 1) * metric(all but one group), for each metric and each of the n groups.

    Nothing where even five groups are not all filled.

    Args:
        scores: from the summary of some examples to their metrics.
        groups: the summary of each of GROUPS groups; summaries add up entry by entry.
    """
    count = next((count for count in _T_QUANTILES if all(_merged(groups, count))), 0)
    if not count:
        return {}
    groups = _merged(groups, count)
    (total,) = _merged(groups, 1)
    whole = scores(total)
    without = [scores({key: weight - group.get(key, 0.0) for key, weight in total.items()}) for group in groups]
    return {name: [count * whole[name] - (count - 1) * each[name] for each in without] for name in whole}


def _merged(groups: list[Counts], count: int) -> list[Counts]:
    """The groups, put together to `count` of them."""
    merged: list[Counts] = [{} for _ in range(count)]
    for index, group in enumerate(groups):
        _add(merged[index % count], group)
    return merged


def _add(total: Counts, counts: Counts) -> None:
    for name, value in counts.items():
        total[name] = total.get(name, 0.0) + value


def binary_scores(counts: Counts) -> dict[str, float]:
    """Metrics of a binary head from the weight of its examples by (label, bucket of the score)."""
    weights = np.zeros((2, _BUCKETS))
    for (label, bucket), weight in counts.items():
        weights[label, bucket] += weight
    negatives, positives = weights.sum(axis=1)
    # From the highest score down, so that place i holds what a threshold at the floor of bucket i lets through.
    (fp, tp), total = np.cumsum(weights[:, ::-1], axis=1)[:, ::-1], negatives + positives
    centers = (np.arange(_BUCKETS) + 0.5) / _BUCKETS
    mean = _over((weights * centers).sum(), total)
    logs = weights[1] * np.log(centers) + weights[0] * np.log(1 - centers)
    below = np.cumsum(weights[0]) - weights[0] / 2
    precisions = np.divide(tp, tp + fp, out=np.zeros(_BUCKETS), where=tp + fp > 0)
    return {
        "auc": _over((weights[1] * below).sum(), positives * negatives),
        "pr_auc": _over((weights[1] * precisions).sum(), positives),
        "log_loss": _over(-logs.sum(), total),
        "mean_label": _over(positives, total),
        "mean_prediction": mean,
        "calibration": _over(mean * total, positives),
        **_at_half(tp[_BUCKETS // 2], fp[_BUCKETS // 2], positives, negatives),
    }


def _at_half(tp: float, fp: float, positives: float, negatives: float) -> dict[str, float]:
    """Metrics at the threshold of 0.5."""
    fn, tn = positives - tp, negatives - fp
    spread = math.sqrt(max(0.0, (tp + fp) * positives * negatives * (tn + fn)))
    return {
        "accuracy": _over(tp + tn, positives + negatives),
        "precision": _over(tp, tp + fp),
        "recall": _over(tp, positives),
        "f1": _over(2 * tp, 2 * tp + fp + fn),
        "specificity": _over(tn, negatives),
        "balanced_accuracy": (_over(tp, positives) + _over(tn, negatives)) / 2,
        "false_positive_rate": _over(fp, negatives),
        "false_negative_rate": _over(fn, positives),
        "mcc": _over(tp * tn - fp * fn, spread),
    }


def multiclass_scores(counts: Counts) -> dict[str, float]:
    """Metrics of a multi-class head from weights by (actual, predicted), and the sums of its other metrics by name."""
    pairs = {pair: weight for pair, weight in counts.items() if isinstance(pair, tuple) and weight > 0}
    sums = {name: total for name, total in counts.items() if isinstance(name, str)}
    return {**confusion_scores(pairs), **{name: _over(total, sum(pairs.values())) for name, total in sums.items()}}


def regression_scores(counts: Counts) -> dict[str, float]:
    """Metrics of a regression head from weighted sums."""
    weight = counts["weight"]
    spread = counts["label^2"] - _over(counts["label"] ** 2, weight)
    mse = _over(counts["error^2"], weight)
    return {
        "rmse": math.sqrt(max(0.0, mse)),
        "mse": mse,
        "mae": _over(counts["|error|"], weight),
        "r2": 1 - _over(counts["error^2"], spread) if spread > 0 else math.nan,
        "mean_label": _over(counts["label"], weight),
        "mean_prediction": _over(counts["prediction"], weight),
        "calibration": _over(counts["prediction"], counts["label"]),
    }


def _over(part: float, whole: float) -> float:
    return float(part / whole) if whole else math.nan


class _Summary(NamedTuple):
    """What is kept of examples."""

    pairs: Optional[np.ndarray]
    """int64 [n, 2], whose weights are added up by pair; None where only sums are kept."""
    terms: dict[str, np.ndarray]
    """What is added up by name, float64 [n]."""


def _of_binary(labels: np.ndarray, predictions: np.ndarray) -> _Summary:
    buckets = np.minimum((predictions[:, 0] * _BUCKETS).astype(np.int64), _BUCKETS - 1)
    return _Summary(np.stack([class_ids(np.round(labels)), buckets], axis=1), {})


def _of_multiclass(labels: np.ndarray, predictions: np.ndarray, top: "Sequence[int]" = ()) -> _Summary:
    actual = class_ids(labels)
    scores = predictions[np.arange(len(actual)), actual]
    losses = -np.log(np.clip(scores.astype(float), _EPSILON, 1.0))
    better = (predictions > scores[:, None]).sum(axis=1)
    hits = {f"top_{k}_accuracy": (better < k).astype(float) for k in top}
    return _Summary(np.stack([actual, predictions.argmax(axis=1)], axis=1), {"log_loss": losses, **hits})


def _of_regression(labels: np.ndarray, predictions: np.ndarray) -> _Summary:
    actual, guess = labels[:, 0].astype(float), predictions[:, 0].astype(float)
    error = guess - actual
    return _Summary(None, {
        "weight": np.ones_like(error), "label": actual, "label^2": actual**2, "prediction": guess, "error^2": error**2,
        "|error|": np.abs(error),
    })  # fmt: skip


_Tasks = dict[str, tuple[Callable[..., _Summary], Callable[[Counts], dict[str, float]]]]


def _tasks(top: "Sequence[int]") -> _Tasks:
    """By task what is kept of examples, and what makes metrics of it; `top` is for multi-class heads."""
    return {
        "binary": (_of_binary, binary_scores),
        "multiclass": (functools.partial(_of_multiclass, top=top), multiclass_scores),
        "regression": (_of_regression, regression_scores),
    }


class _Combiner(RowsCombiner):
    """From examples to pseudo-values, as JSON."""

    def __init__(self, key: metric_types.MetricKey, eval_config: Any, task: str, top: "Sequence[int]") -> None:
        super().__init__(key, eval_config)
        self._summary, self._scores = _tasks(top)[task]

    def create_accumulator(self) -> "list[Counts]":
        return [{} for _ in range(GROUPS)]

    def add_triples(self, accumulator: "list[Counts]", triples: Triples, rows: Rows) -> "list[Counts]":
        groups = rows.block.computed(constants.INPUT_KEY, _groups)[rows.indices]
        pairs, terms = self._summary(triples.labels, triples.predictions)
        if pairs is not None:
            found, places = np.unique(np.column_stack([groups, pairs]), axis=0, return_inverse=True)
            weights = np.bincount(places.reshape(-1), triples.weights)
            for (group, *pair), weight in zip(found.tolist(), weights.tolist(), strict=True):
                _add(accumulator[group], {tuple(pair): weight})
        for name, values in terms.items():
            sums = np.bincount(groups, values * triples.weights, GROUPS)
            for group in np.unique(groups).tolist():
                _add(accumulator[group], {name: float(sums[group])})
        return accumulator

    def merge_accumulators(self, accumulators: "Iterable[list[Counts]]") -> "list[Counts]":
        merged: list[Counts] = self.create_accumulator()
        for accumulator in accumulators:
            for into, group in zip(merged, accumulator, strict=True):
                _add(into, group)
        return merged

    def extract_output(self, accumulator: "list[Counts]") -> dict[metric_types.MetricKey, bytes]:
        found = pseudo_values(self._scores, accumulator)
        finite = {name: values for name, values in found.items() if all(map(math.isfinite, values))}
        return {self._key: json.dumps(finite).encode()}


def _groups(serialized: np.ndarray) -> np.ndarray:
    """The group of each example, by its serialised bytes; int64 [n]."""
    records = (each if isinstance(each, bytes) else str(each).encode() for each in np.ravel(serialized).tolist())
    return np.array([zlib.crc32(each) % GROUPS for each in records], np.int64)


def _jackknife(
    name: str,
    task: str,
    top: "Sequence[int]" = (),
    eval_config: Optional[Any] = None,
    model_name: str = "",
    output_name: str = "",
    example_weighted: bool = False,
) -> list[Any]:
    key = key_of(name, model_name, output_name, example_weighted)
    return computation(_Combiner(key, eval_config, task, top), key, [constants.INPUT_KEY])


class Jackknife(metric_types.Metric):
    """The pseudo-values of all metrics of a task, as JSON: {metric: [a number per group]}.

    `top` holds the k of each `top_K_accuracy` of a multi-class head.
    """

    def __init__(self, task: str, top: "Sequence[int]" = (), name: str = NAME) -> None:
        super().__init__(metric_util.merge_per_key_computations(_jackknife), task=task, top=tuple(top), name=name)
