"""What TFX's Evaluator computes and what it holds the model to, from a Config.

Three traps of TFMA are walked around here. A threshold without slices holds for every slice, so each one names
its slice, be it the overall one. And slices under TFMA's min_slice_size fail all thresholds for lack of metrics,
so small slices are only left out of the report. Its confidence intervals take many times as long as the metrics;
components.metrics.jackknife says what stands in for them.
"""

from __future__ import annotations

from google.protobuf import wrappers_pb2
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.proto import config_pb2

from components.errors import ConfigError
from components.signatures import EVALUATE, LABELS, label_key
from pipeline.config import Config, Head, Threshold
from pipeline.config.model import top_k_of
from pipeline.config.settings import WEIGHT_KEY
from pipeline.evaluation.catalogue import METRICS, PLOTS, Better, Metric, jackknife, known, metric
from pipeline.evaluation.slicing import of_threshold, slicing_specs

AT_LEAST_ONE = Threshold(metric="example_count", lower=1)
"""Always held to: TFX blesses nothing without a threshold, and an empty split must not pass."""

_FIELD = "evaluator.thresholds"
_DIRECTIONS = {
    "higher": config_pb2.MetricDirection.HIGHER_IS_BETTER,
    "lower": config_pb2.MetricDirection.LOWER_IS_BETTER,
}


def eval_config(config: Config) -> config_pb2.EvalConfig:
    """The EvalConfig of all heads.

    Raises:
        ConfigError: a metric or threshold does not exist, or does not fit its head's task.
    """
    _check_extra_metrics(config)
    return config_pb2.EvalConfig(
        model_specs=[_model_spec(config)],
        slicing_specs=slicing_specs(config.evaluator),
        metrics_specs=[spec for head in config.heads for spec in _metrics_specs(config, head)],
        options=config_pb2.Options(include_default_metrics=wrappers_pb2.BoolValue(value=False)),
    )


def own_metrics(config: Config) -> list[Metric]:
    """Those of the metrics that this project defines: TFMA is only told the names of their modules."""
    tasks = {head.task: None for head in config.heads}
    metrics = [each for task in tasks for each in (*METRICS[task].values(), *PLOTS[task].values(), jackknife(task))]
    return [each for each in metrics if each.module]


def _model_spec(config: Config) -> config_pb2.ModelSpec:
    several = len(config.heads) > 1
    labels = {head.output_name: label_key(head.output_name) for head in config.heads}
    return config_pb2.ModelSpec(
        # Stated, or TFMA tries to load the model as a Keras one first.
        model_type=constants.TF_GENERIC,
        signature_name=EVALUATE,
        preprocessing_function_names=[LABELS],
        label_key="" if several else label_key(config.heads[0].output_name),
        label_keys=labels if several else {},
        example_weight_key=WEIGHT_KEY if config.trainer.example_weight else "",
    )


def _metrics_specs(config: Config, head: Head) -> list[config_pb2.MetricsSpec]:
    metrics = {name: each.config(name) for name, each in metrics_of(config, head).items()}
    for threshold in thresholds_of(config, head):
        better = metric(threshold.metric, head.task, _FIELD).better
        metrics[threshold.metric].per_slice_thresholds.append(_per_slice(threshold, better))
    # Examples are counted as they are, whatever they weigh.
    count = metrics.pop("example_count")
    plots = [plot.config(name) for name, plot in PLOTS[head.task].items()]
    if config.evaluator.confidence:
        plots.append(jackknife(head.task, metrics).config("jackknife"))
    names = [head.output_name] if len(config.heads) > 1 else []
    return [
        config_pb2.MetricsSpec(metrics=[*metrics.values(), *plots], output_names=names),
        config_pb2.MetricsSpec(
            metrics=[count], output_names=names, example_weights=config_pb2.ExampleWeightOptions(unweighted=True)
        ),
    ]


def metrics_of(config: Config, head: Head) -> dict[str, Metric]:
    """What is computed for a head: the usual, and what the config names, in thresholds too."""
    named = {*config.evaluator.metrics, *(threshold.metric for threshold in thresholds_of(config, head))}
    found = {name: each for name, each in METRICS[head.task].items() if each.usual or name in named}
    others = {name: known(name, head.task) for name in sorted(named, key=lambda name: top_k_of(name) or 0)}
    return {**found, **{name: each for name, each in others.items() if each}}


def thresholds_of(config: Config, head: Head) -> list[Threshold]:
    """What a head is held to: its thresholds in the config, and that there are examples."""
    asked = [each for each in config.evaluator.thresholds if each.head in ("", head.output_name)]
    return [AT_LEAST_ONE, *asked]


def _check_extra_metrics(config: Config) -> None:
    """Each name in evaluator.metrics fits at least one head."""
    tasks = {head.task for head in config.heads}
    for name in config.evaluator.metrics:
        if not any(known(name, task) for task in tasks):
            metric(name, config.heads[0].task, "evaluator.metrics")


def _per_slice(threshold: Threshold, better: Better) -> config_pb2.PerSliceMetricThreshold:
    bounds = config_pb2.MetricThreshold()
    if threshold.lower is not None:
        bounds.value_threshold.lower_bound.value = threshold.lower
    if threshold.upper is not None:
        bounds.value_threshold.upper_bound.value = threshold.upper
    if threshold.max_loss is not None:
        if not better:
            raise ConfigError(
                f"{_FIELD}: max_loss says how much worse {threshold.metric!r} may become, but neither higher nor lower "
                "is better for it. Bound it with lower and upper"
            )
        bounds.change_threshold.direction = _DIRECTIONS[better]
        bounds.change_threshold.absolute.value = -threshold.max_loss if better == "higher" else threshold.max_loss
    return config_pb2.PerSliceMetricThreshold(slicing_specs=[of_threshold(threshold)], threshold=bounds)
