"""The EvalConfig, run by TFX's real Evaluator on small models, and the report's numbers made from it."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import sklearn.metrics

from components.errors import ConfigError
from components.evaluation_report.result import failures, gate_message
from pipeline.config import Evaluator, Threshold
from pipeline.evaluation.eval_config import eval_config
from tests.pipeline.evaluation.bench import HEADS, ROWS, Judged, X, config, rows


def _overall(judged: Judged, head: int) -> dict[str, float | None]:
    return {name: cell.candidate.value for name, cell in judged.result.heads[head].slices[0].metrics.items()}


def test_metrics_of_each_head_equal_scikit_learn_with_weights(several: Judged) -> None:
    table = {name: np.array([row[name] for row in rows()]) for name in "xyzcw"}
    x, y, z, c, w = (table[name] for name in "xyzcw")
    probability = 1 / (1 + np.exp(-x))
    binary = _overall(several, 0)
    assert binary["auc"] == pytest.approx(sklearn.metrics.roc_auc_score(y, probability, sample_weight=w), abs=2e-4)
    assert binary["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(y, x > 0, sample_weight=w))
    assert binary["f1"] == pytest.approx(sklearn.metrics.f1_score(y, x > 0, sample_weight=w))
    assert binary["mcc"] == pytest.approx(sklearn.metrics.matthews_corrcoef(y, x > 0, sample_weight=w))
    assert binary["example_count"] == ROWS
    regression = _overall(several, 1)
    assert regression["rmse"] == pytest.approx(math.sqrt(np.average((2 * x - z) ** 2, weights=w)), rel=1e-5)
    assert regression["r2"] == pytest.approx(sklearn.metrics.r2_score(z, 2 * x, sample_weight=w), rel=1e-5)
    classes = np.stack([-x, np.zeros_like(x), x], axis=1)
    shares = np.exp(classes) / np.exp(classes).sum(axis=1, keepdims=True)
    multiclass = _overall(several, 2)
    guesses = classes.argmax(axis=1)
    for metric, score in (
        ("precision", sklearn.metrics.precision_score),
        ("recall", sklearn.metrics.recall_score),
        ("f1", sklearn.metrics.f1_score),
    ):
        expected = score(c, guesses, sample_weight=w, average="macro", zero_division=0)
        assert multiclass[metric] == pytest.approx(expected), metric
    assert multiclass["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(c, guesses, sample_weight=w))
    assert multiclass["log_loss"] == pytest.approx(sklearn.metrics.log_loss(c, shares, sample_weight=w), rel=1e-5)


def test_a_missed_bound_rejects_and_is_told(several: Judged) -> None:
    assert not several.blessed
    assert not several.result.blessed
    missed = {(failure.head, failure.metric): failure for failure in failures(several.result)}
    assert set(missed) == {("z", "rmse"), ("y", "auc"), ("y", "accuracy"), ("c", "top_1_accuracy")}
    assert missed["y", "accuracy"].slice == {"x": "-0.5 to 0.5"}
    assert missed["c", "top_1_accuracy"].slice == {"x": "0.5 or more", "kind": "good"}
    rmse = missed["z", "rmse"]
    assert rmse.value is not None
    assert rmse.missed_by == pytest.approx(rmse.value - 0.5)
    message = gate_message(several.result)
    assert "z: rmse on all examples is 1.0" in message
    assert "required at most 0.5 (missed by 0.5" in message
    assert "y: auc on kind=nowhere: the slice has no examples, required at least 0.1" in message


def test_without_a_baseline_a_change_is_neither_passed_nor_held_against_the_model(several: Judged) -> None:
    (change,) = [check for check in several.result.checks if check.kind == "change"]
    assert change.state == "no baseline"
    assert not several.result.has_baseline
    assert "changed" not in gate_message(several.result)


def test_slices_that_are_small_or_not_there_are_noted(several: Judged) -> None:
    slices = [each.slice for each in several.result.heads[0].slices]
    assert slices[:3] == [{}, {"kind": "good"}, {"kind": "noise"}]
    absent, small = several.result.notes
    assert absent == "There is no slice by absent: no example of the eval split has absent."
    assert re.fullmatch(r"[1-4] slices with fewer than 10 examples are left out \(evaluator.min_slice_size\).", small)


def test_ranges_of_a_column_are_slices_in_their_order(several: Judged) -> None:
    found = {each.slice["x"]: each for each in several.result.heads[0].slices if list(each.slice) == ["x"]}
    assert list(found) == ["below -0.5", "-0.5 to 0.5", "0.5 or more"]
    x, y, w = (np.array([row[name] for row in rows()]) for name in "xyw")
    of_range = np.digitize(x, X.boundaries)
    for place, each in enumerate(found.values()):
        within = of_range == place
        assert each.examples == within.sum()
        accuracy = sklearn.metrics.accuracy_score(y[within], x[within] > 0, sample_weight=w[within])
        assert each.metrics["accuracy"].candidate.value == pytest.approx(accuracy)
    kinds = {(each.slice["kind"], each.slice["x"]) for each in several.result.heads[0].slices if len(each.slice) == 2}
    assert ("noise", "below -0.5") in kinds


def test_a_threshold_on_a_range_names_one_that_there_is() -> None:
    with pytest.raises(ConfigError, match=r"'x' has the ranges 'below -0.5', '-0.5 to 0.5', '0.5 or more'"):
        Evaluator(slices=((X,),), thresholds=(Threshold(metric="auc", lower=0.5, slice={"x": "0 to 1"}),))


def test_top_k_accuracy_equals_scikit_learn_and_has_an_interval(several: Judged) -> None:
    x, c, w = (np.array([row[name] for row in rows()]) for name in "xcw")
    scores = np.stack([-x, np.zeros_like(x), x], axis=1)
    for k in (1, 2):
        found = several.result.heads[2].slices[0].metrics[f"top_{k}_accuracy"].candidate
        assert found.value == pytest.approx(sklearn.metrics.top_k_accuracy_score(c, scores, k=k, sample_weight=w))
        assert found.low < found.value < found.high <= 1
    assert _overall(several, 2)["top_1_accuracy"] == pytest.approx(_overall(several, 2)["accuracy"])


def test_a_bound_on_all_examples_is_not_one_on_every_slice(compared: Judged) -> None:
    by_slice = {str(each.slice): each.metrics["auc"].candidate.value for each in compared.result.heads[0].slices}
    assert by_slice["{'kind': 'noise'}"] is not None
    assert by_slice["{'kind': 'noise'}"] < 0.6
    (lower,) = [check for check in compared.result.checks if check.kind == "lower" and check.metric == "auc"]
    assert lower.state == "passed"


def test_a_loss_against_the_baseline_rejects(compared: Judged) -> None:
    assert not compared.blessed
    (failure,) = failures(compared.result)
    cell = compared.result.heads[0].slices[0].metrics["log_loss"]
    assert cell.baseline is not None
    assert cell.candidate.value is not None
    assert cell.baseline.value is not None
    loss = cell.candidate.value - cell.baseline.value
    assert failure.metric == "log_loss"
    assert failure.value == pytest.approx(loss)
    assert failure.missed_by == pytest.approx(loss - 0.01)
    assert f"log_loss on all examples changed by +{loss:.4g}, required a change of at most +0.01" in failure.text


def test_what_cannot_be_computed_is_none_and_other_numbers_stay(compared: Judged) -> None:
    few = next(each for each in compared.result.heads[0].slices if each.slice == {"kind": "few"})
    assert few.examples == 3
    assert few.metrics["auc"].candidate.value is None
    assert few.metrics["recall"].candidate.value is not None
    assert few.metrics["recall"].candidate.low is None


def test_intervals_hold_the_value_and_paired_changes_are_tighter_than_single_ones(compared: Judged) -> None:
    cell = compared.result.heads[0].slices[0].metrics["auc"]
    assert cell.candidate.low is not None
    assert cell.candidate.high is not None
    assert cell.candidate.value is not None
    assert cell.candidate.low < cell.candidate.value < cell.candidate.high
    assert 0.03 < cell.candidate.high - cell.candidate.low < 0.3
    assert cell.change is not None
    assert cell.change.low is not None
    assert cell.change.high is not None
    # The bias moves no pair of scores past each other, so on the same examples both models have the same AUC.
    assert cell.change.high - cell.change.low < 0.02


def test_curves_are_there_for_both_models(compared: Judged) -> None:
    plots = compared.result.heads[0].plots
    assert set(plots.roc) == set(plots.pr) == set(plots.calibration) == {"candidate", "baseline"}
    roc = plots.roc["candidate"]
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0.0, 0.0, 1.0, 1.0)
    assert roc.y == sorted(roc.y)
    area = sum((x1 - x0) * (y0 + y1) / 2 for x0, x1, y0, y1 in zip(roc.x, roc.x[1:], roc.y, roc.y[1:], strict=False))
    assert area == pytest.approx(_overall(compared, 0)["auc"], abs=0.02)


def test_plots_of_other_tasks(several: Judged) -> None:
    confusion = several.result.heads[2].plots.confusion
    assert confusion is not None
    assert sum(map(sum, confusion)) == pytest.approx(sum(row["w"] for row in rows()))
    sample = several.result.heads[1].plots.predictions
    assert sample is not None
    assert len(sample.x) == ROWS


def test_the_report_agrees_with_tfma_on_every_bound(several: Judged, compared: Judged) -> None:
    for judged in (several, compared):
        validation = judged.evaluation.validation
        told = sum(len(each.failures) for each in validation.metric_validations_per_slice)
        assert told + len(validation.missing_slices) == len(failures(judged.result))


@pytest.mark.parametrize(
    ("threshold", "message"),
    [
        (Threshold(metric="acuracy", lower=0.5), r"unknown metric 'acuracy'. Did you mean accuracy"),
        (
            Threshold(metric="top_3_accuracy", lower=0.5),
            r"'top_3_accuracy' is a metric of multiclass heads, not of a binary",
        ),
        (Threshold(metric="rmse", upper=0.5), r"'rmse' is a metric of regression heads, not of a binary one"),
        (Threshold(metric="calibration", max_loss=0.1), r"neither higher nor lower is better"),
    ],
)
def test_thresholds_that_make_no_sense_are_refused(threshold: Threshold, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        eval_config(config(HEADS[:1], threshold))


def test_an_extra_metric_must_fit_some_head() -> None:
    with pytest.raises(ConfigError, match=r"evaluator.metrics: 'mape' is a metric of regression heads"):
        eval_config(config(HEADS[:1], metrics=("mape",)))
    names = [metric.config for metric in eval_config(config(HEADS[:2], metrics=("mape",))).metrics_specs[2].metrics]
    assert any('"mape"' in name for name in names)
