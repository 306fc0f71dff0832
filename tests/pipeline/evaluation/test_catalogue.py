"""What the catalogue says of its metrics."""

from __future__ import annotations

import pytest

from pipeline.config.model import Task
from pipeline.evaluation.catalogue import METRICS, known


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_metrics_that_lie_between_0_and_1(task: Task) -> None:
    unbounded = {name for name, each in METRICS[task].items() if not each.bounded}
    assert (
        unbounded
        == {
            "binary": {"log_loss", "calibration", "mcc", "example_count"},
            "multiclass": {"log_loss", "example_count"},
            "regression": set(METRICS["regression"]),
        }[task]
    )
    top = known("top_5_accuracy", task)
    assert (top is not None and top.bounded) == (task == "multiclass")
