"""The evaluation as one HTML page."""

import datetime
from typing import Optional

from components.evaluation_report.result import Cell, Curve, HeadResult, Result, describe, failures, slice_name
from components.misjudged.result import Result as Misjudged
from components.report import charts, page

_UNIT = (0.0, 1.0)
_DIAGONAL = charts.Series("diagonal", "guide", [(0, 0), (1, 1)])
_STATES = {"passed": "good", "failed": "bad", "no such slice": "bad", "not computable": "bad", "no baseline": "warn"}
_SEVERITY = ["bad", "warn", "good"]


def render(result: Result, made: Optional[datetime.datetime] = None, misjudged: Optional[Misjudged] = None) -> str:
    """The page; `made` is when, for its last line; `misjudged` the pictures, for images."""
    pictures = {head.name: head for head in misjudged.heads} if misjudged else {}
    return page.render(
        "evaluation_report",
        "evaluation.html.j2",
        result=result,
        made=made,
        failures=failures(result),
        checks=sorted(result.checks, key=lambda check: _SEVERITY.index(_STATES[check.state])),
        pictures=pictures,
        charts={head.name: head_charts(head) for head in result.heads},
        slice_name=slice_name,
        describe=lambda check: describe(check, len(result.heads) > 1),
        states=_STATES,
        direction=direction,
    )


def direction(cell: Cell, better: str) -> str:
    """Whether a change is for the good or the bad, beyond what chance explains; "" where that cannot be said."""
    change = cell.change
    if change is None or change.low is None or change.high is None or not better:
        return ""
    if change.low <= 0 <= change.high:
        return ""
    rose = change.low > 0
    return "good" if rose == (better == "higher") else "bad"


def head_charts(head: HeadResult) -> list[charts.Chart]:
    """The charts of a head."""
    if head.task == "binary":
        return [_roc(head), _precision_recall(head), _calibration(head)]
    if head.plots.predictions is not None:
        return [_predictions(head.plots.predictions), _residuals(head.plots.predictions)]
    return []


def _roc(head: HeadResult) -> charts.Chart:
    return charts.chart(
        "ROC curve",
        f"True positive rate over false positive rate. {_areas(head, 'auc')}",
        "false positive rate",
        "true positive rate",
        [_DIAGONAL, *_lines(head.plots.roc)],
        _UNIT,
        _UNIT,
    )


def _precision_recall(head: HeadResult) -> charts.Chart:
    return charts.chart(
        "Precision and recall",
        f"Precision over recall. {_areas(head, 'pr_auc')}",
        "recall",
        "precision",
        _lines(head.plots.pr),
        _UNIT,
        _UNIT,
    )


def _calibration(head: HeadResult) -> charts.Chart:
    return charts.chart(
        "Calibration",
        "Share of positives over mean score, in ten groups of equally many examples; on the diagonal scores are true.",
        "mean score",
        "share of positives",
        [_DIAGONAL, *_lines(head.plots.calibration, marks=True)],
        _UNIT,
        _UNIT,
    )


def _predictions(sample: Curve) -> charts.Chart:
    low, high = min([*sample.x, *sample.y]), max([*sample.x, *sample.y])
    return charts.chart(
        "Predictions and labels",
        f"Label over prediction for a sample of {len(sample.x)} examples; on the diagonal the prediction is right.",
        "prediction",
        "label",
        [charts.Series("diagonal", "guide", [(low, low), (high, high)]), _dots(sample.x, sample.y)],
    )


def _residuals(sample: Curve) -> charts.Chart:
    errors = [label - prediction for prediction, label in zip(sample.x, sample.y, strict=True)]
    return charts.chart(
        "Residuals",
        f"Label minus prediction over prediction for a sample of {len(sample.x)} examples.",
        "prediction",
        "label − prediction",
        [charts.Series("zero", "guide", [(min(sample.x), 0.0), (max(sample.x), 0.0)]), _dots(sample.x, errors)],
    )


def _dots(x: list[float], y: list[float]) -> charts.Series:
    return charts.Series("candidate", "candidate", list(zip(x, y, strict=True)), marks=True, line=False)


def _lines(curves: "dict[str, Curve]", marks: bool = False) -> list[charts.Series]:
    """The baseline below the candidate."""
    return [
        charts.Series(model, model, list(zip(curves[model].x, curves[model].y, strict=True)), marks)
        for model in ("baseline", "candidate")
        if model in curves
    ]


def _areas(head: HeadResult, metric: str) -> str:
    overall = next((each for each in head.slices if not each.slice), None)
    cell = overall.metrics.get(metric) if overall else None
    if cell is None:
        return ""
    baseline = f", baseline {page.number(cell.baseline.value)}" if cell.baseline else ""
    return f"Area: candidate {page.number(cell.candidate.value)}{baseline}."
