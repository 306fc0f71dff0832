"""Examples and keys as TFMA hands them to the combiner of a metric."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from tensorflow_model_analysis.metrics import metric_types, metric_util

from components.errors import InputError


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


def class_id(label: np.ndarray) -> int:
    """The id of the label's class.

    Raises:
        InputError: it stands for no class, which a negative id says. It would count as one from the end of the list.
    """
    number = int(label[0])
    if number < 0:
        raise InputError(
            "an example of the evaluated split has no label, or one that training has not seen, so that the model "
            "cannot be judged by it. List every class in heads.classes, clean the data, or change data.splits"
        )
    return number


def key_of(name: str, model_name: str, output_name: str, example_weighted: bool) -> metric_types.MetricKey:
    """The key of a metric without sub-keys."""
    return metric_types.MetricKey(
        name=name, model_name=model_name, output_name=output_name, example_weighted=example_weighted
    )


def computation(combiner: Any, key: metric_types.MetricKey) -> list[Any]:
    """What TFMA computes for one key."""
    return [metric_types.MetricComputation(keys=[key], preprocessors=None, combiner=combiner)]
