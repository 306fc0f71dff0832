"""Evaluations that several tests look at: each takes the Evaluator some seconds."""

from __future__ import annotations

import pytest

from pipeline.config import Threshold
from tests.pipeline.evaluation.bench import HEADS, Bench, Judged, X, config


@pytest.fixture(scope="package")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(str(tmp_path_factory.mktemp("evaluation")))


@pytest.fixture(scope="package")
def several(bench: Bench) -> Judged:
    """Three heads, example weights, no baseline."""
    judged = config(
        HEADS,
        Threshold(metric="auc", head="y", lower=0.5, max_loss=0.01),
        Threshold(metric="rmse", head="z", upper=0.5),
        Threshold(metric="f1", head="c", lower=0.1, slice={"kind": "good"}),
        Threshold(metric="mcc", head="y", lower=-1.0),
        Threshold(metric="auc", head="y", lower=0.1, slice={"kind": "nowhere"}),
        Threshold(metric="accuracy", head="y", lower=0.9, slice={"x": "-0.5 to 0.5"}),
        Threshold(metric="top_2_accuracy", head="c", lower=0.6),
        Threshold(metric="top_1_accuracy", head="c", lower=0.99, slice={"x": "0.5 or more", "kind": "good"}),
        weight="w",
        metrics=("top_1_accuracy",),
        slices=(("kind",), ("absent",), (X,)),
        min_slice_size=10,
    )
    return bench.judge("several", judged, bench.model("three", heads=("y", "z", "c")))


@pytest.fixture(scope="package")
def compared(bench: Bench) -> Judged:
    """One head beside a better calibrated baseline."""
    judged = config(
        HEADS[:1],
        Threshold(metric="auc", lower=0.6, max_loss=0.005),
        Threshold(metric="log_loss", max_loss=0.01),
        slices=(("kind",),),
    )
    return bench.judge("compared", judged, bench.model("biased", bias=3.0), bench.model("plain"))
