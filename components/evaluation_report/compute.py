"""From what the Evaluator wrote to the numbers of the report."""

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, Optional

from tensorflow_model_analysis.proto import validation_result_pb2
from tensorflow_model_analysis.writers import eval_config_writer
from tensorflow_model_analysis.writers import metrics_plots_and_validations_writer as writer

from components.evaluation_report import curves
from components.evaluation_report.result import Cell, Check, HeadResult, Plots, Result, Slice, SliceResult, Value
from components.metrics import jackknife

CANDIDATE, BASELINE = "candidate", "baseline"

Numbers = dict[Any, Any]
"""{(model, output, metric): value} of one slice."""


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What TFMA wrote."""

    slices: dict[Any, Numbers]
    """By slice key: sorted (column, value) pairs, () for all examples."""
    plots: dict[Any, Any]
    """The plots of all examples, {(model, output): [Plot protos]}."""
    validation: validation_result_pb2.ValidationResult
    models: Mapping[str, str]
    """The folder of each model."""

    @property
    def has_baseline(self) -> bool:
        """Whether a baseline was judged too."""
        return BASELINE in self.models


def read(uri: str) -> Evaluation:
    """Read a ModelEvaluation artifact."""
    slices = {
        _slice_key(each.slice_key): {
            (each_key.key.model_name or CANDIDATE, each_key.key.output_name, each_key.key.name): _value(each_key.value)
            for each_key in each.metric_keys_and_values
            if not each_key.key.is_diff
        }
        for each in writer.load_and_deserialize_metrics(uri)
    }
    plots: dict[Any, Any] = {}
    for each in writer.load_and_deserialize_plots(uri):
        for plot in each.plot_keys_and_values if not each.slice_key.single_slice_keys else ():
            plots.setdefault((plot.key.model_name or CANDIDATE, plot.key.output_name), []).append(plot.value)
    _, _, _, models = eval_config_writer.load_eval_run(uri)
    named = {name or CANDIDATE: folder for name, folder in models.items()}
    return Evaluation(slices, plots, writer.load_and_deserialize_validation_result(uri), named)


def compute(evaluation: Evaluation, settings: Mapping[str, Any]) -> Result:
    """The report's numbers.

    Args:
        settings: `pipeline.evaluation.report_settings.report_settings`.
    """
    several = len(settings["heads"]) > 1
    heads = [_head(evaluation, head, settings, several) for head in settings["heads"]]
    checks = [
        check
        for head in settings["heads"]
        for threshold in head["thresholds"]
        for check in _checks(evaluation, head, threshold, several)
    ]
    blessed = evaluation.validation.validation_ok
    return Result(
        name=settings["name"],
        split=settings["split"],
        blessed=blessed,
        has_baseline=evaluation.has_baseline,
        checks=checks,
        heads=heads,
        notes=_notes(evaluation, settings, heads),
        model=evaluation.models.get(CANDIDATE, ""),
        baseline=evaluation.models.get(BASELINE, ""),
    )


def _head(evaluation: Evaluation, head: Mapping[str, Any], settings: Mapping[str, Any], several: bool) -> HeadResult:
    output = head["name"] if several else ""
    named = {tuple(sorted(each["slice"].items())) for each in head["thresholds"]}
    slices = []
    for key, numbers in sorted(evaluation.slices.items(), key=lambda item: _order(item[0], settings["ranges"])):
        examples = int(numbers.get((CANDIDATE, output, "example_count"), 0))
        if not key or examples >= settings["min_slice_size"] or _as_threshold(key, named):
            cells = {name: _cell(numbers, output, name, name in head["bounded"]) for name in head["metrics"]}
            slices.append(SliceResult(slice=dict(key), examples=examples, metrics=cells))
    table = _confusion(evaluation, output, len(head["classes"])) if head["task"] == "multiclass" else []
    # Classes that nobody has named go by their ids.
    unnamed = range(len(head["classes"]), len(table))
    return HeadResult(
        name=head["name"],
        task=head["task"],
        classes=[*head["classes"], *map(str, unnamed)],
        metrics={name: better for name, better in head["metrics"].items() if name != "example_count"},
        slices=slices,
        plots=_of_confusion(table) if table else _plots(evaluation, output, head["task"]),
    )


def _cell(numbers: Numbers, output: str, name: str, bounded: bool) -> Cell:
    candidate, samples = _with_interval(numbers, CANDIDATE, output, name, bounded)
    if (BASELINE, output, name) not in numbers:
        return Cell(candidate=candidate)
    baseline, others = _with_interval(numbers, BASELINE, output, name, bounded)
    if candidate.value is None or baseline.value is None:
        return Cell(candidate=candidate, baseline=baseline)
    difference = candidate.value - baseline.value
    pairs = [one - other for one, other in zip(samples, others, strict=False)]
    return Cell(candidate=candidate, baseline=baseline, change=_interval(difference, pairs))


def _with_interval(numbers: Numbers, model: str, output: str, name: str, bounded: bool) -> "tuple[Value, list[float]]":
    value = numbers.get((model, output, name))
    samples = json.loads(numbers.get((model, output, jackknife.NAME), b"{}")).get(name, [])
    if value is None or not math.isfinite(value):
        return Value(), []
    found = _interval(value, samples)
    if bounded and found.low is not None and found.high is not None:
        found = Value(value=value, low=max(0.0, found.low), high=min(1.0, found.high))
    return found, samples


def _interval(value: float, samples: list[float]) -> Value:
    found = jackknife.interval(value, samples)
    return Value(value=value, low=found[0], high=found[1]) if found else Value(value=value)


def _checks(
    evaluation: Evaluation, head: Mapping[str, Any], threshold: Mapping[str, Any], several: bool
) -> Iterable[Check]:
    """The bounds of one threshold; TFMA has decided on them already, this says by how much."""
    name, better = threshold["metric"], head["metrics"][threshold["metric"]]
    numbers = _slice_of(evaluation, threshold["slice"])
    output = head["name"] if several else ""
    value = None if numbers is None else numbers.get((CANDIDATE, output, name))
    before = None if numbers is None else numbers.get((BASELINE, output, name))
    common = {"metric": name, "head": head["name"], "slice": threshold["slice"], "better": better}
    for kind in ("lower", "upper"):
        if threshold[kind] is not None:
            yield _check(common, kind, threshold[kind], value, numbers is not None)
    if threshold["max_loss"] is not None:
        bound = -threshold["max_loss"] if better == "higher" else threshold["max_loss"]
        if not evaluation.has_baseline:
            yield Check(**common, kind="change", bound=bound, state="no baseline")
            return
        change = None if value is None or before is None else value - before
        yield _check(common, "change", bound, change, numbers is not None)


def _check(common: Mapping[str, Any], kind: str, bound: float, value: Optional[float], has_slice: bool) -> Check:
    if not has_slice:
        return Check(**common, kind=kind, bound=bound, state="no such slice")
    if value is None or not math.isfinite(value):
        return Check(**common, kind=kind, bound=bound, state="not computable")
    from_below = kind == "lower" or (kind == "change" and common["better"] == "higher")
    good = value >= bound if from_below else value <= bound
    return Check(**common, kind=kind, bound=bound, value=value, state="passed" if good else "failed")


def _slice_of(evaluation: Evaluation, wanted: Slice) -> Optional[Numbers]:
    key = tuple(sorted(wanted.items()))
    return next((numbers for each, numbers in evaluation.slices.items() if _same(each, key)), None)


def _as_threshold(key: Any, named: Iterable[Any]) -> bool:
    return any(_same(key, each) for each in named)


def _same(one: Any, other: Any) -> bool:
    """Whether two slice keys are the same; TFMA takes the text "3" and the number 3 for one value."""
    return [(column, str(value)) for column, value in one] == [(column, str(value)) for column, value in other]


def _confusion(evaluation: Evaluation, output: str, classes: int) -> list[list[float]]:
    plots = evaluation.plots.get((CANDIDATE, output), [])
    found = [plot.multi_class_confusion_matrix_at_thresholds for plot in plots]
    return curves.confusion(found[0].matrices, classes) if found else []


def _of_confusion(table: list[list[float]]) -> Plots:
    if len(table) > curves.MOST_CLASSES:
        return Plots(confusions=curves.confusions(table))
    return Plots(confusion=table)


def _plots(evaluation: Evaluation, output: str, task: str) -> Plots:
    by_model = {model: evaluation.plots.get((model, output), []) for model in (CANDIDATE, BASELINE)}
    overall = evaluation.slices.get((), {})
    if task == "binary":
        return Plots(
            roc=_drawn(by_model, "confusion_matrix_at_thresholds", lambda plot: curves.roc(plot.matrices)),
            pr=_drawn(by_model, "confusion_matrix_at_thresholds", lambda plot: curves.precision_recall(plot.matrices)),
            calibration=_drawn(
                by_model, "calibration_histogram_buckets", lambda plot: curves.calibration(plot.buckets)
            ),
        )
    if task == "multiclass":
        return Plots()
    pairs = json.loads(overall.get((CANDIDATE, output, "prediction_sample"), b"[]"))
    return Plots(predictions=curves.sample(pairs))


def _drawn(by_model: Mapping[str, list[Any]], field: str, draw: Any) -> dict[str, Any]:
    return {
        model: draw(getattr(plot, field)) for model, plots in by_model.items() for plot in plots if plot.HasField(field)
    }


def _notes(evaluation: Evaluation, settings: Mapping[str, Any], heads: list[HeadResult]) -> list[str]:
    notes = []
    for columns in settings["slices"]:
        if not any(sorted(column for column, _ in key) == sorted(columns) for key in evaluation.slices):
            names = " and ".join(columns)
            notes.append(f"There is no slice by {names}: no example of the {settings['split']} split has {names}.")
    shown = {tuple(sorted(each.slice.items())) for head in heads for each in head.slices}
    hidden = len(evaluation.slices) - len(shown)
    if hidden > 0:
        least = settings["min_slice_size"]
        notes.append(f"{hidden} slices with fewer than {least} examples are left out (evaluator.min_slice_size).")
    if not evaluation.slices:
        notes.append(f"The {settings['split']} split has no examples.")
    if evaluation.validation.validation_details.slicing_details or not evaluation.slices:
        return notes
    return [*notes, "No threshold was checked."]


def _order(key: Any, ranges: Mapping[str, list[str]]) -> Any:
    """All examples first, then by columns; values of one column as numbers where they are, ranges as they rise."""

    def place(column: str, value: Any) -> Any:
        names = ranges.get(column, [])
        return names.index(value) if value in names else value

    placed = [(column, place(column, value)) for column, value in key]
    return len(key), [(column, isinstance(value, str), value) for column, value in placed]


def _slice_key(proto: Any) -> Any:
    return tuple((each.column, _slice_value(each)) for each in proto.single_slice_keys)


def _slice_value(proto: Any) -> Any:
    value = getattr(proto, proto.WhichOneof("kind"))
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _value(proto: Any) -> Any:
    kind = proto.WhichOneof("type")
    if kind == "double_value":
        return proto.double_value.value
    return proto.bytes_value if kind == "bytes_value" else None
