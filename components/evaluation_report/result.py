"""The numbers of an evaluation report: what `result.json` holds. Imports nothing heavy."""

import os
from typing import Literal, Optional, Union

import pydantic

FILE = "result.json"
PAGE = "report.html"

State = Literal["passed", "failed", "no baseline", "no such slice", "not computable"]
Slice = dict[str, Union[int, float, str]]
"""Column to value; empty is all examples."""


class Value(pydantic.BaseModel, frozen=True):
    """A number with its 95 % confidence interval. None stands for what cannot be computed."""

    value: Optional[float] = None
    low: Optional[float] = None
    high: Optional[float] = None


class Cell(pydantic.BaseModel, frozen=True):
    """A metric on a slice."""

    candidate: Value
    baseline: Optional[Value] = None
    change: Optional[Value] = None
    """Candidate minus baseline, with an interval of its own: both were judged on the same examples."""


class SliceResult(pydantic.BaseModel, frozen=True):
    """All metrics on a slice."""

    slice: Slice
    examples: int
    metrics: dict[str, Cell]


class Check(pydantic.BaseModel, frozen=True):
    """A bound that the model was held to."""

    metric: str
    head: str
    slice: Slice
    kind: Literal["lower", "upper", "change"]
    bound: float
    better: Literal["higher", "lower", ""] = ""
    value: Optional[float] = None
    """The metric, or for a change the candidate's minus the baseline's."""
    state: State

    @property
    def missed_by(self) -> Optional[float]:
        """How far the value lies on the wrong side of the bound."""
        if self.state != "failed" or self.value is None:
            return None
        return abs(self.value - self.bound)


class Curve(pydantic.BaseModel, frozen=True):
    """A line of a chart."""

    x: list[float]
    y: list[float]


class Confusion(pydantic.BaseModel, frozen=True):
    """Examples of one class that the model takes for another."""

    actual: int
    predicted: int
    weight: float
    share: float
    """Of the actual class."""


class Plots(pydantic.BaseModel, frozen=True):
    """What is drawn for all examples; curves are by model, "candidate" or "baseline"."""

    roc: dict[str, Curve] = {}
    pr: dict[str, Curve] = {}
    calibration: dict[str, Curve] = {}
    """Mean prediction against the share of positives, by score."""
    predictions: Optional[Curve] = None
    """A sample of a regression: x is the prediction, y the label."""
    confusion: Optional[list[list[float]]] = None
    """Weight of the examples by [actual class][predicted class], where there are few enough classes for a table."""
    confusions: list[Confusion] = []
    """Of more classes the most frequent ones, those first."""


class HeadResult(pydantic.BaseModel, frozen=True):
    """One output of the model."""

    name: str
    task: Literal["binary", "multiclass", "regression"]
    classes: list[str]
    metrics: dict[str, Literal["higher", "lower", ""]]
    """The metrics in order, and which way is better."""
    slices: list[SliceResult]
    """All examples first."""
    plots: Plots

    def class_name(self, number: int) -> str:
        """The label of a class; its id where nobody has named it."""
        return self.classes[number] if number < len(self.classes) else str(number)


class Result(pydantic.BaseModel, frozen=True):
    """A whole evaluation."""

    name: str
    split: str
    blessed: bool
    has_baseline: bool
    checks: list[Check]
    heads: list[HeadResult]
    notes: list[str]
    """What a reader should know: slices that are not there, or were left out."""
    model: str = ""
    baseline: str = ""


class Failure(pydantic.BaseModel, frozen=True):
    """A bound that was missed."""

    metric: str
    head: str
    slice: Slice
    value: Optional[float]
    bound: float
    missed_by: Optional[float]
    text: str
    """All of it in one line."""


def load(uri: str) -> Result:
    """The result in an EvaluationReport's artifact, which is a local folder."""
    with open(os.path.join(uri, FILE), encoding="utf-8") as file:
        return Result.model_validate_json(file.read())


def failures(result: Result) -> list[Failure]:
    """What stands against the model; empty for a blessed one."""
    return [
        Failure(
            metric=check.metric,
            head=check.head,
            slice=check.slice,
            value=check.value,
            bound=check.bound,
            missed_by=check.missed_by,
            text=describe(check, len(result.heads) > 1),
        )
        for check in result.checks
        if check.state not in ("passed", "no baseline")
    ]


def gate_message(result: Result) -> str:
    """Why the model was rejected, a line per bound; "" for a blessed one."""
    if result.blessed:
        return ""
    lines = [failure.text for failure in failures(result)] or result.notes
    return "\n".join(["the Evaluator rejected the model, so it is not pushed:", *(f"  {line}" for line in lines)])


def describe(check: Check, with_head: bool) -> str:
    """A check in one line: `auc on payment_type=Cash is 0.6500, required at least 0.7000 (missed by 0.0500)`."""
    head = f"{check.head}: " if with_head else ""
    subject = f"{head}{check.metric} on {slice_name(check.slice)}"
    required = _required(check)
    if check.state == "no such slice":
        return f"{subject}: the slice has no examples, required {required}"
    if check.state == "no baseline":
        return f"{subject}: no baseline to compare with, required {required}"
    if check.value is None:
        return f"{subject} cannot be computed (one class only, or no spread), required {required}"
    value = f"changed by {check.value:+.4g}" if check.kind == "change" else f"is {check.value:.4g}"
    missed = f" (missed by {check.missed_by:.4g})" if check.missed_by is not None else ""
    return f"{subject} {value}, required {required}{missed}"


def slice_name(of: Slice) -> str:
    """`payment_type=Cash, trip_start_hour=3`, or `all examples`; in one line, whatever the values hold."""
    shown = (f"{column}={value}" for column, value in sorted(of.items()))
    return " ".join(", ".join(shown).split()) or "all examples"


def _required(check: Check) -> str:
    if check.kind == "lower":
        return f"at least {check.bound:.4g}"
    if check.kind == "upper":
        return f"at most {check.bound:.4g}"
    return f"a change of at {'least' if check.better == 'higher' else 'most'} {check.bound + 0.0:+.4g}"
