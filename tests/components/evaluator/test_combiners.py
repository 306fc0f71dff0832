"""TFMA's metrics of many rows at once equal those of each row by itself."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from tensorflow_model_analysis.evaluators import metrics_plots_and_validations_evaluator as stock
from tensorflow_model_analysis.metrics import metric_specs
from tensorflow_model_analysis.proto import config_pb2

from components.evaluator import combiners
from components.metrics.rows import Block, Rows
from pipeline.evaluation.catalogue import METRICS, PLOTS, jackknife, known

ROWS = 90


def _inputs(task: str, **changed: Any) -> dict[str, Any]:
    """Labels as signatures and schemas make them: [n, 1] and [n]; some weights are 0."""
    random = np.random.RandomState(3)
    if task == "binary":
        labels: np.ndarray = (random.rand(ROWS) > 0.4).astype(np.float32)
        predictions: np.ndarray = random.rand(ROWS, 1).astype(np.float32)
    elif task == "multiclass":
        labels = random.randint(0, 4, (ROWS, 1))
        predictions = random.dirichlet(np.ones(4), ROWS).astype(np.float32)
    else:
        labels = random.rand(ROWS, 1).astype(np.float32) * 3
        labels[:3] = 0.0
        predictions = labels + random.rand(ROWS, 1).astype(np.float32)
    found = {
        "labels": labels,
        "predictions": predictions,
        "example_weights": random.randint(0, 3, (ROWS, 1)).astype(np.float32),
        "input": np.array([b"row %d" % index for index in range(ROWS)], object),
    }
    return {**found, **changed}


def _check(inputs: Mapping[str, Any], spec: config_pb2.MetricsSpec, model: config_pb2.ModelSpec | None = None) -> None:
    """All at once, in two slices, and one by one."""
    config = config_pb2.EvalConfig(model_specs=[model or config_pb2.ModelSpec()], metrics_specs=[spec])
    block = Block(dict(inputs), ROWS)
    found = stock._filter_and_separate_computations(metric_specs.to_computations([spec], config))
    computations = found.non_derived_computations
    assert computations
    order = np.random.RandomState(1).permutation(ROWS)
    for computation in computations:
        combiner = computation.combiner
        combiner.setup()
        parts = [combiners.add(combiner, combiner.create_accumulator(), Rows(block, np.sort(order[:40])))]
        parts.append(combiners.add(combiner, combiner.create_accumulator(), Rows(block, np.sort(order[40:70]))))
        parts[1] = combiners.add(combiner, parts[1], Rows(block, np.sort(order[70:])))
        together = combiner.extract_output(combiners.merge(combiner, parts))
        one_by_one = combiner.create_accumulator()
        for row in block.rows:
            one_by_one = combiner.add_input(one_by_one, row)
        expected = combiner.extract_output(one_by_one)
        assert list(map(repr, together)) == list(map(repr, expected))
        np.testing.assert_allclose(list(_numbers(together)), list(_numbers(expected)), rtol=1e-6)


def _numbers(value: Any) -> Iterator[float]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if isinstance(value, bytes):
        value = json.loads(value)
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value, key=repr)]
    if hasattr(value, "__slots__") and not isinstance(value, (tuple, np.generic)):
        value = [getattr(value, name) for name in value.__slots__]
    if isinstance(value, (list, tuple, np.ndarray)):
        for each in value:
            yield from _numbers(each)
    else:
        yield float(value)


def _spec(*metrics: config_pb2.MetricConfig, weighted: bool = True, **settings: Any) -> config_pb2.MetricsSpec:
    weights = config_pb2.ExampleWeightOptions(weighted=weighted, unweighted=not weighted)
    return config_pb2.MetricsSpec(metrics=metrics, example_weights=weights, **settings)


@pytest.mark.parametrize("weighted", [True, False], ids=["weighted", "unweighted"])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_all_metrics_and_plots_that_a_config_knows(task: Any, weighted: bool) -> None:
    metrics = {**METRICS[task], **PLOTS[task], "jackknife": jackknife(task, ["top_2_accuracy"])}
    if task == "multiclass":
        metrics["top_2_accuracy"] = known("top_2_accuracy", task)  # type: ignore[assignment]
    _check(_inputs(task), _spec(*(each.config(name) for name, each in metrics.items()), weighted=weighted))


@pytest.mark.parametrize(
    ("task", "name", "settings"),
    [
        ("binary", "BinaryCrossEntropy", {"from_logits": True}),
        ("binary", "BinaryCrossEntropy", {"label_smoothing": 0.2}),
        ("binary", "Precision", {"thresholds": [0.2, 0.8]}),
        ("binary", "AUC", {"num_thresholds": 50}),
        ("multiclass", "MultiClassConfusionMatrixAtThresholds", {"thresholds": [0.3, 0.6]}),
        ("multiclass", "MultiClassConfusionMatrixAtThresholds", {"thresholds": [0.4]}),
        ("multiclass", "SparseCategoricalCrossentropy", {}),
        ("multiclass", "Precision", {"top_k": 2}),
        ("regression", "SquaredPearsonCorrelation", {}),
    ],
)
def test_metrics_of_tfma_and_keras_by_their_names(task: str, name: str, settings: dict[str, Any]) -> None:
    _check(_inputs(task), _spec(config_pb2.MetricConfig(class_name=name, config=json.dumps(settings))))


def test_labels_between_0_and_1() -> None:
    labels = np.random.RandomState(2).rand(ROWS, 1).astype(np.float32)
    _check(_inputs("binary", labels=labels), _spec(config_pb2.MetricConfig(class_name="Precision")))
    _check(_inputs("binary", labels=labels), _spec(config_pb2.MetricConfig(class_name="AUC")))


def test_each_class_against_the_others() -> None:
    classes = config_pb2.BinarizationOptions(class_ids={"values": [0, 2]})
    _check(_inputs("multiclass"), _spec(config_pb2.MetricConfig(class_name="AUC"), binarize=classes))


def test_the_output_of_one_of_several_models() -> None:
    binary, other = _inputs("binary"), _inputs("regression")
    outputs = {"head": binary["predictions"], "other": other["predictions"]}
    inputs = {
        **binary,
        "labels": {"mine": {"head": binary["labels"], "other": other["labels"]}},
        "predictions": {"mine": outputs, "theirs": outputs},
    }
    config = [config_pb2.MetricConfig(class_name="MeanPrediction"), config_pb2.MetricConfig(class_name="AUC")]
    spec = _spec(*config, model_names=["mine"], output_names=["head"])
    _check(inputs, spec, config_pb2.ModelSpec(name="mine"))


def test_a_number_that_tfma_refuses_is_refused() -> None:
    predictions = np.full((ROWS, 1), np.nan, np.float32)
    with pytest.raises(ValueError, match="cannot convert float NaN to integer"):
        _check(_inputs("binary", predictions=predictions), _spec(config_pb2.MetricConfig(class_name="AUC")))
    with pytest.raises(ValueError, match="label must be within"):
        _check(_inputs("binary", labels=np.full(ROWS, 2.0)), _spec(config_pb2.MetricConfig(class_name="AUC")))
