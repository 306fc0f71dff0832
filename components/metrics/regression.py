"""Metrics of regressions."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Optional

import numpy as np
from tensorflow_model_analysis.metrics import metric_types, metric_util

from components.metrics.elements import RowsCombiner, computation, key_of
from components.metrics.rows import Rows, Triples
from components.metrics.sums import of_sums

SAMPLE_NAME = "prediction_sample"
_SAMPLE_SIZE = 300


class RootMeanSquaredError(metric_types.Metric):
    """sqrt(mean((label - prediction)^2))."""

    def __init__(self, name: str = "rmse") -> None:
        super().__init__(of_sums(_squares, _rmse), name=name)


class CoefficientOfDetermination(metric_types.Metric):
    """R^2 = 1 - sum((label - prediction)^2) / sum((label - mean label)^2); NaN where all labels are alike."""

    def __init__(self, name: str = "r2") -> None:
        super().__init__(of_sums(_squares, _r2), name=name)


def _squares(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    values = labels[:, 0].astype(float)
    return np.stack([values, values**2, (values - predictions[:, 0]) ** 2], axis=1)


def _rmse(sums: np.ndarray) -> float:
    return float(np.sqrt(sums[3] / sums[0]))


def _r2(sums: np.ndarray) -> float:
    total = sums[2] - sums[1] ** 2 / sums[0]
    # All labels alike: the share of a variance of 0 that is explained is not defined.
    return float(1.0 - sums[3] / total) if total > 0 else float("nan")


class _Sample(RowsCombiner):
    """The (prediction, label) pairs whose hashes are lowest: the same ones however the data is dealt to workers."""

    def create_accumulator(self) -> list[Any]:
        return []

    def add_triples(self, accumulator: list[Any], triples: Triples, rows: Rows) -> list[Any]:
        del rows
        pairs = zip(triples.predictions[:, 0].tolist(), triples.labels[:, 0].astype(float).tolist(), strict=True)
        accumulator += ((hashlib.md5(repr(pair).encode()).hexdigest(), pair) for pair in pairs)
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
    return computation(_Sample(key, eval_config), key)


class PredictionSample(metric_types.Metric):
    """Up to 300 pairs [prediction, label] as JSON, for the plot of a regression."""

    def __init__(self, name: str = SAMPLE_NAME) -> None:
        super().__init__(metric_util.merge_per_key_computations(_sample), name=name)
