"""Metrics made of weighted sums over the examples."""

from collections.abc import Callable, Iterable
from typing import Any, Optional

import numpy as np
from tensorflow_model_analysis.metrics import metric_types, metric_util

from components.metrics.elements import RowsCombiner, computation, key_of
from components.metrics.rows import Rows, Triples

Terms = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From labels [n, values] and predictions [n, units] to what is added up, [n, terms]."""
Result = Callable[[np.ndarray], float]
"""From the sums, that of the weights first, to the metric."""


class _Sums(RowsCombiner):
    """Weighted sums of terms of each example, and a number made from them. The first sum is that of the weights."""

    def __init__(self, key: metric_types.MetricKey, eval_config: Any, terms: Terms, result: Result) -> None:
        super().__init__(key, eval_config)
        self._terms = terms
        self._result = result

    def create_accumulator(self) -> np.ndarray:
        return np.zeros(1)

    def add_triples(self, accumulator: np.ndarray, triples: Triples, rows: Rows) -> np.ndarray:
        del rows
        weights = triples.weights
        sums = np.array([weights.sum(), *(weights @ self._terms(triples.labels, triples.predictions))])
        return sums + (accumulator if accumulator.size > 1 else 0.0)

    def merge_accumulators(self, accumulators: Iterable[np.ndarray]) -> np.ndarray:
        filled = [accumulator for accumulator in accumulators if accumulator.size > 1]
        return np.sum(filled, axis=0) if filled else np.zeros(1)

    def extract_output(self, accumulator: np.ndarray) -> dict[metric_types.MetricKey, float]:
        return {self._key: self._result(accumulator) if accumulator[0] > 0 else float("nan")}


def of_sums(terms: Terms, result: Result) -> Callable[..., Any]:
    """The computations of a metric, as TFMA's Metric wants them."""

    def create(
        name: str,
        eval_config: Optional[Any] = None,
        model_name: str = "",
        output_name: str = "",
        example_weighted: bool = False,
    ) -> list[Any]:
        key = key_of(name, model_name, output_name, example_weighted)
        return computation(_Sums(key, eval_config, terms, result), key)

    return metric_util.merge_per_key_computations(create)
