"""Examples as the combiners of metrics get them here: the rows of a block that are in one slice, all at once.

TFMA hands over each row by itself, in a dict of its own, once for each slice and metric: that is what its evaluations
spend their time on. A combiner that knows rows (`add_rows`) takes arrays instead.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Optional

import numpy as np
from tensorflow_model_analysis.metrics import metric_types, metric_util
from tensorflow_model_analysis.utils import util

Inputs = Mapping[str, Any]
"""TFMA's labels, predictions, example weights and whatever else metrics ask for, each of a whole block."""


class Triples(NamedTuple):
    """What metrics are made of."""

    labels: np.ndarray
    """[n, values], mostly [n, 1]."""
    predictions: np.ndarray
    """[n, units]."""
    weights: np.ndarray
    """float64 [n]."""

    def of(self, rows: np.ndarray) -> "Triples":
        """Those of some rows."""
        return Triples(self.labels[rows], self.predictions[rows], self.weights[rows])

    @property
    def are_pairs(self) -> bool:
        """Whether each row has one label and one prediction."""
        return self.labels.shape[1] == self.predictions.shape[1] == 1


class Block:
    """Some thousand examples."""

    def __init__(self, inputs: Inputs, size: int) -> None:
        self.inputs, self.size = inputs, size
        self._triples: dict[Any, Optional[Triples]] = {}
        self._computed: dict[Any, np.ndarray] = {}

    @functools.cached_property
    def rows(self) -> list[metric_types.StandardMetricInputs]:
        """Each row as TFMA has it."""
        return [metric_types.StandardMetricInputs(row) for row in util.split_extracts(self.inputs)]

    def triples(self, key: metric_types.MetricKey, eval_config: Any) -> Optional[Triples]:
        """What a metric of `key` looks at; None where rows have values of several lengths, or text."""
        name = (key.model_name, key.output_name, key.example_weighted)
        if name not in self._triples:
            self._triples[name] = self._find(key, eval_config) if _are_arrays(self.inputs) else None
        return self._triples[name]

    def computed(self, key: str, compute: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """What `compute` makes of an input, computed once."""
        if (key, compute) not in self._computed:
            self._computed[key, compute] = compute(self.inputs[key])
        return self._computed[key, compute]

    def _find(self, key: metric_types.MetricKey, eval_config: Any) -> Optional[Triples]:
        """TFMA finds the arrays among models and outputs, in a block as in a row."""
        [(labels, predictions, weights)] = metric_util.to_label_prediction_example_weight(
            metric_types.StandardMetricInputs(self.inputs),
            eval_config=eval_config,
            model_name=key.model_name,
            output_name=key.output_name,
            example_weighted=key.example_weighted,
            flatten=False,
            squeeze=False,
        )
        flat = labels.ndim <= 2 and predictions.ndim <= 2
        if not flat or {len(labels), len(predictions)} != {self.size} or weights.size not in (1, self.size):
            return None
        return Triples(
            labels.reshape(self.size, -1),
            predictions.reshape(self.size, -1),
            np.broadcast_to(weights.reshape(-1), self.size).astype(float),
        )


class Rows:
    """Those rows of a block that are in a slice."""

    def __init__(self, block: Block, indices: np.ndarray) -> None:
        self.block, self.indices = block, indices
        self._triples: dict[Any, Optional[Triples]] = {}

    def __len__(self) -> int:
        return len(self.indices)

    def each(self) -> Iterator[metric_types.StandardMetricInputs]:
        """One row after the other, as TFMA has them."""
        return (self.block.rows[index] for index in self.indices)

    def triples(self, key: metric_types.MetricKey, eval_config: Any) -> Optional[Triples]:
        """See Block."""
        name = (key.model_name, key.output_name, key.example_weighted)
        if name not in self._triples:
            found = self.block.triples(key, eval_config)
            self._triples[name] = found and found.of(self.indices)
        return self._triples[name]


def of_one(element: metric_types.StandardMetricInputs) -> Rows:
    """A row of TFMA's as a block of its own."""
    return Rows(Block({name: _as_batch(value) for name, value in element.items()}, 1), np.zeros(1, np.int64))


def _as_batch(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _as_batch(each) for name, each in value.items()}
    return value if value is None else np.asarray(value)[np.newaxis]


def _are_arrays(inputs: Inputs) -> bool:
    """Whether labels are numbers, and labels, predictions and weights have the same shape in all rows."""
    leaves = [leaf for name in _USED for leaf in _leaves(inputs.get(name))]
    labels = list(_leaves(inputs.get("labels")))
    return all(isinstance(leaf, np.ndarray) for leaf in leaves) and all(leaf.dtype.kind in "biuf" for leaf in labels)


_USED = ("labels", "predictions", "example_weights")


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _leaves(each)
    elif value is not None:
        yield value
