"""The metrics that a config may name: what they are called in TFMA, for which task, and which way is better."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Optional

from tensorflow_model_analysis.proto import config_pb2

from components.errors import ConfigError, close_matches
from pipeline.config.model import Task, top_k_of

Better = Literal["higher", "lower", ""]

_OURS = "components.metrics"


@dataclass(frozen=True)
class Metric:
    """One metric of a task."""

    class_name: str
    better: Better
    """Which way is better; "" where a value in the middle is (calibration), so that no loss can be told."""
    bounded: bool = False
    """Whether it lies between 0 and 1; then so does its interval."""
    usual: bool = True
    """Whether it is computed without being named."""
    module: str = ""
    """Where it is defined, for metrics that TFMA lacks."""
    settings: dict[str, Any] = field(default_factory=dict)

    def config(self, name: str) -> config_pb2.MetricConfig:
        """The metric in TFMA's terms, under our name."""
        settings = json.dumps({"name": name, **self.settings}, sort_keys=True)
        return config_pb2.MetricConfig(class_name=self.class_name, module=self.module, config=settings)


_COMMON = {"example_count": Metric("ExampleCount", "")}
_MEANS = {
    "calibration": Metric("Calibration", ""),
    "mean_label": Metric("MeanLabel", ""),
    "mean_prediction": Metric("MeanPrediction", ""),
}
_MEANS_OF_CLASSES = {
    **_MEANS,
    "mean_label": Metric("MeanLabel", "", bounded=True),
    "mean_prediction": Metric("MeanPrediction", "", bounded=True),
}

METRICS: dict[Task, dict[str, Metric]] = {
    "binary": {
        "auc": Metric("RocAuc", "higher", bounded=True, module=f"{_OURS}.binary"),
        "pr_auc": Metric("PrecisionRecallAuc", "higher", bounded=True, module=f"{_OURS}.binary"),
        "accuracy": Metric("BinaryAccuracy", "higher", bounded=True),
        "precision": Metric("Precision", "higher", bounded=True),
        "recall": Metric("Recall", "higher", bounded=True),
        "f1": Metric("F1Score", "higher", bounded=True),
        "log_loss": Metric("BinaryCrossEntropy", "lower"),
        **_MEANS_OF_CLASSES,
        **_COMMON,
        "balanced_accuracy": Metric("BalancedAccuracy", "higher", bounded=True, usual=False),
        "specificity": Metric("Specificity", "higher", bounded=True, usual=False),
        "false_positive_rate": Metric("FallOut", "lower", bounded=True, usual=False),
        "false_negative_rate": Metric("MissRate", "lower", bounded=True, usual=False),
        "mcc": Metric("MatthewsCorrelationCoefficient", "higher", usual=False),
    },
    "multiclass": {
        **{
            name: Metric("ClassScore", "higher", bounded=True, module=f"{_OURS}.multiclass", settings={"score": name})
            for name in ("accuracy", "precision", "recall", "f1")
        },
        "log_loss": Metric("SparseLogLoss", "lower", module=f"{_OURS}.multiclass"),
        **_COMMON,
    },
    "regression": {
        "rmse": Metric("RootMeanSquaredError", "lower", module=f"{_OURS}.regression"),
        "mae": Metric("MeanAbsoluteError", "lower"),
        "mse": Metric("MeanSquaredError", "lower"),
        "r2": Metric("CoefficientOfDetermination", "higher", module=f"{_OURS}.regression"),
        **_MEANS,
        **_COMMON,
        "mape": Metric("MeanAbsolutePercentageError", "lower", usual=False),
        "msle": Metric("MeanSquaredLogarithmicError", "lower", usual=False),
    },
}
"""By task, in the order of reports; multiclass heads have `top_K_accuracy` for any K besides."""

PLOTS: dict[Task, dict[str, Metric]] = {
    "binary": {"curves": Metric("ConfusionMatrixPlot", ""), "calibration_plot": Metric("CalibrationPlot", "")},
    "multiclass": {"confusion": Metric("MultiClassConfusionMatrixPlot", "", settings={"thresholds": [0.0]})},
    "regression": {"prediction_sample": Metric("PredictionSample", "", module=f"{_OURS}.regression")},
}
"""What reports draw."""


def jackknife(task: Task, names: Iterable[str] = ()) -> Metric:
    """What confidence intervals are made from; `names` are the metrics that want some."""
    top = sorted(k for k in map(top_k_of, names) if k)
    return Metric(
        "Jackknife", "", module=f"{_OURS}.jackknife", settings={"task": task, **({"top": top} if top else {})}
    )


def known(name: str, task: Task) -> Optional[Metric]:
    """The metric of that name for a task; None where there is none."""
    k = top_k_of(name)
    if k and task == "multiclass":
        return Metric("SparseTopKCategoricalAccuracy", "higher", bounded=True, usual=False, settings={"k": k})
    return METRICS[task].get(name)


def metric(name: str, task: Task, where: str) -> Metric:
    """The metric of that name for a task.

    Args:
        where: the field that names it, for the message.

    Raises:
        ConfigError: there is none, or it does not fit the task.
    """
    found = known(name, task)
    if found:
        return found
    valid = [*METRICS[task], *(["top_K_accuracy (as top_5_accuracy)"] if task == "multiclass" else [])]
    others = [other for other in METRICS if known(name, other)]
    if others:
        raise ConfigError(
            f"{where}: {name!r} is a metric of {' and '.join(others)} heads, not of a {task} one. "
            f"Valid for {task}: {', '.join(valid)}"
        )
    raise ConfigError(
        f"{where}: unknown metric {name!r}.{close_matches(name, valid)} Valid for {task}: {', '.join(valid)}"
    )
