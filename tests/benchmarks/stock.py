"""Stock TFX on the taxi rows, timed node by node: `python -m tests.benchmarks.stock DATA_DIR WORK_DIR STEPS`.

The components and the modules of TFX's own taxi template. With 0 STEPS it ends with Transform, which then
writes no more than Millrace's.
"""

from __future__ import annotations

import os
import sys

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")

import tensorflow_model_analysis as tfma
from tfx.components import (
    CsvExampleGen,
    Evaluator,
    ExampleValidator,
    Pusher,
    SchemaGen,
    StatisticsGen,
    Trainer,
    Transform,
)
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import LatestBlessedModelStrategy
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline
from tfx.orchestration.portable import launcher
from tfx.proto import pusher_pb2, trainer_pb2
from tfx.types import Channel
from tfx.types.standard_artifacts import Model, ModelBlessing

from tests.benchmarks.laps import Laps

# What Millrace computes for a binary head unasked, under TFMA's own names.
METRICS = (
    "AUC",
    "AUCPrecisionRecall",
    "Precision",
    "Recall",
    "F1Score",
    "BinaryCrossEntropy",
    "Calibration",
    "MeanLabel",
    "MeanPrediction",
    "ExampleCount",
)
PLOTS = ("ConfusionMatrixPlot", "CalibrationPlot")
TEMPLATE = "tfx.experimental.templates.taxi.models"


class TimedLauncher(launcher.Launcher):
    """The stock launcher, with a stopwatch."""

    laps = Laps()

    def launch(self):
        """Launches the node and notes what that took."""
        with self.laps.lap(self._pipeline_node.node_info.id):
            return super().launch()


def eval_config() -> tfma.EvalConfig:
    """The template's evaluation, with the same metrics, plots and slices as the benchmark's config."""
    metrics = [
        tfma.MetricConfig(
            class_name="BinaryAccuracy",
            threshold=tfma.MetricThreshold(
                value_threshold=tfma.GenericValueThreshold(lower_bound={"value": 0.5}),
            ),
        ),
        *(tfma.MetricConfig(class_name=name) for name in (*METRICS, *PLOTS)),
    ]
    spec = tfma.ModelSpec(
        signature_name="serving_default", label_key="tips_xf", preprocessing_function_names=["transform_features"]
    )
    return tfma.EvalConfig(
        model_specs=[spec],
        slicing_specs=[tfma.SlicingSpec(), tfma.SlicingSpec(feature_keys=["trip_start_hour"])],
        metrics_specs=[tfma.MetricsSpec(metrics=metrics)],
    )


def create_pipeline(data: str, work: str, steps: int) -> Pipeline:
    """The template's pipeline with every step of its tutorial uncommented; see the module for 0 `steps`."""
    example_gen = CsvExampleGen(input_base=data)
    statistics_gen = StatisticsGen(examples=example_gen.outputs["examples"])
    schema_gen = SchemaGen(statistics=statistics_gen.outputs["statistics"])
    validator = ExampleValidator(statistics=statistics_gen.outputs["statistics"], schema=schema_gen.outputs["schema"])
    transform = Transform(
        examples=example_gen.outputs["examples"],
        schema=schema_gen.outputs["schema"],
        preprocessing_fn=f"{TEMPLATE}.preprocessing.preprocessing_fn",
        disable_statistics=not steps,
        disable_analyzer_cache=not steps,
    )
    prepared = [example_gen, statistics_gen, schema_gen, validator, transform]
    if not steps:
        return _pipeline(prepared, work)
    trainer = Trainer(
        run_fn=f"{TEMPLATE}.keras_model.model.run_fn",
        examples=transform.outputs["transformed_examples"],
        schema=schema_gen.outputs["schema"],
        transform_graph=transform.outputs["transform_graph"],
        train_args=trainer_pb2.TrainArgs(num_steps=steps),
        eval_args=trainer_pb2.EvalArgs(num_steps=max(1, steps // 8)),
    )
    resolver = Resolver(
        strategy_class=LatestBlessedModelStrategy,
        model=Channel(type=Model),
        model_blessing=Channel(type=ModelBlessing),
    ).with_id("Baseline")
    evaluator = Evaluator(
        examples=example_gen.outputs["examples"],
        model=trainer.outputs["model"],
        baseline_model=resolver.outputs["model"],
        eval_config=eval_config(),
    )
    pusher = Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=os.path.join(work, "serving"))
        ),
    )
    return _pipeline([*prepared, trainer, resolver, evaluator, pusher], work)


def _pipeline(components: list[BaseNode], work: str) -> Pipeline:
    return Pipeline(
        pipeline_name="stock",
        pipeline_root=os.path.join(work, "root"),
        components=components,
        metadata_connection_config=metadata.sqlite_metadata_connection_config(os.path.join(work, "metadata.sqlite")),
        beam_pipeline_args=["--runner=DirectRunner"],
    )


def main(data: str, work: str, steps: str) -> None:
    """Runs the pipeline once and writes WORK/laps.json: what each node took."""
    launcher.Launcher = TimedLauncher  # type: ignore[misc]
    os.makedirs(work, exist_ok=True)
    LocalDagRunner().run(create_pipeline(data, work, int(steps)))
    TimedLauncher.laps.write(work)


if __name__ == "__main__":
    main(*sys.argv[1:])
