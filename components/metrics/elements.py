"""What our metrics have in common: a combiner that takes rows, and keys as TFMA wants them."""

import functools
from collections.abc import Iterable
from typing import Any

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import metric_types

from components.errors import InputError
from components.metrics.rows import Rows, Triples, of_one


class RowsCombiner(beam.CombineFn):
    """Combines labels, predictions and weights. A row by itself, as TFMA's own evaluator has it, is a block of one."""

    def __init__(self, key: metric_types.MetricKey, eval_config: Any) -> None:
        self._key, self._eval_config = key, eval_config

    def add_triples(self, accumulator: Any, triples: Triples, rows: Rows) -> Any:
        """The accumulator with the rows."""
        raise NotImplementedError

    def add_rows(self, accumulator: Any, rows: Rows) -> Any:
        """Many rows at once."""
        triples = rows.triples(self._key, self._eval_config)
        if triples is None:
            return functools.reduce(self.add_input, rows.each(), accumulator)
        return self.add_triples(accumulator, triples, rows)

    def add_input(self, accumulator: Any, element: Any) -> Any:
        """One row.

        Raises:
            InputError: its label is no number.
        """
        row = of_one(element)
        triples = row.triples(self._key, self._eval_config)
        if triples is None:
            raise InputError(f"the metric {self._key.name!r} needs labels that are numbers; it got: {element.labels}")
        return self.add_triples(accumulator, triples, row)


def class_ids(labels: np.ndarray) -> np.ndarray:
    """The ids of the labels' classes, int64 [n], from labels [n, 1].

    Raises:
        InputError: one stands for no class, which a negative id says. It would count as one from the end of the list.
    """
    ids = labels[:, 0].astype(np.int64)
    if (ids < 0).any():
        raise InputError(
            "an example of the evaluated split has no label, or one that training has not seen, so that the model "
            "cannot be judged by it. List every class in heads.classes, clean the data, or change data.splits"
        )
    return ids


def key_of(name: str, model_name: str, output_name: str, example_weighted: bool) -> metric_types.MetricKey:
    """The key of a metric without sub-keys."""
    return metric_types.MetricKey(
        name=name, model_name=model_name, output_name=output_name, example_weighted=example_weighted
    )


def computation(combiner: Any, key: metric_types.MetricKey, inputs: Iterable[str] = ()) -> list[Any]:
    """What TFMA computes for one key; `inputs` are further extracts that the combiner looks at."""
    preprocessors = [metric_types.StandardMetricInputsPreprocessor(include_filter=inputs)] if inputs else None
    return [metric_types.MetricComputation(keys=[key], preprocessors=preprocessors, combiner=combiner)]
