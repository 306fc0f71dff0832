"""The pipeline: which components there are, and what flows between them."""

from __future__ import annotations

from tfx.components import Trainer
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.dsl.components.common.resolver import Resolver
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import LatestBlessedModelStrategy
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import trainer_pb2, transform_pb2
from tfx.types import Channel
from tfx.types.channel import BaseChannel
from tfx.types.standard_artifacts import Examples, Model, ModelBlessing

from components import trainer as trainer_executor
from components.anomaly_gate import AnomalyGate
from components.baseline import LatestOtherBlessedModel
from components.embeddings import Embeddings
from components.evaluation_report.component import EvaluationReport
from components.evaluator import Evaluator
from components.example_gen.component import ExampleGen
from components.example_validator import ExampleValidator
from components.misjudged.component import Misjudged
from components.near_duplicates.component import NearDuplicates
from components.near_duplicates.gate import DuplicateGate
from components.predictions import Predictions
from components.pusher.component import Pusher
from components.schema_gen import SchemaGen
from components.span_window import SpanWindow
from components.statistics_gen import StatisticsGen
from components.transform.component import Transform
from components.tuner import Tuner
from pipeline.config import Config
from pipeline.dependencies import PREPROCESSING_FN, RUN_FN, TUNER_FN
from pipeline.evaluation.eval_config import eval_config
from pipeline.evaluation.report_settings import report_settings
from pipeline.nodes import drift as drift_nodes
from pipeline.nodes import ingestion
from pipeline.nodes.settings import (
    trainer_settings,
    transform_settings,
    tuner_settings,
)


def node_of_earlier_spans(config: Config) -> str:
    """The last node that the earlier spans of a window go through, each once."""
    return "StatisticsGen" if config.counts_earlier_spans else "ExampleGen"


def create_pipeline(config: Config) -> Pipeline:
    """The TFX pipeline of `config`, top to bottom. Run id and root are left to the runner."""
    example_gen = ingestion.example_gen(config)
    examples = example_gen.outputs["examples"]

    statistics_gen = StatisticsGen(
        examples=examples, stats_options=drift_nodes.stats_options(config), without=config.image_columns
    )

    schema_gen = _schema_gen(config, statistics_gen.outputs["statistics"])
    schema = schema_gen.outputs["schema"]

    example_validator = ExampleValidator(statistics=statistics_gen.outputs["statistics"], schema=schema)

    anomaly_gate = AnomalyGate(anomalies=example_validator.outputs["anomalies"], mode=config.schema_.on_anomalies)

    span_window, window = _span_window(config, example_gen)

    earlier_spans = drift_nodes.earlier_spans(config, example_gen, statistics_gen)

    drift, drift_gates = drift_nodes.before_training(
        config, examples, statistics_gen.outputs["statistics"], schema, earlier_spans
    )
    for gate in drift_gates:
        gate.add_upstream_node(anomaly_gate)

    near_duplicates, duplicate_gates = _near_duplicates(config, window)

    transform = Transform(
        examples=window,
        schema=schema,
        preprocessing_fn=PREPROCESSING_FN,
        custom_config={"settings": transform_settings(config).model_dump_json()},
        splits_config=transform_pb2.SplitsConfig(analyze=["train"], transform=["train", "eval"]),
    )
    warm_start, base_model = _warm_start(config)

    tuner, best_values = _tuner(config, transform, schema, base_model)

    trainer = Trainer(
        run_fn=RUN_FN,
        custom_executor_spec=ExecutorClassSpec(trainer_executor.Executor),
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema,
        base_model=base_model,
        hyperparameters=best_values,
        train_args=trainer_pb2.TrainArgs(splits=["train"]),
        eval_args=trainer_pb2.EvalArgs(splits=["eval"]),
        custom_config={"settings": trainer_settings(config).model_dump_json()},
    )
    model = trainer.outputs["model"]
    for gate in (anomaly_gate, *drift_gates, *duplicate_gates):
        for node in (*tuner, trainer):
            node.add_upstream_node(gate)

    baseline = Resolver(
        strategy_class=LatestOtherBlessedModel,
        model=Channel(type=Model),
        model_blessing=Channel(type=ModelBlessing),
        candidate=model,
    ).with_id("Baseline")

    evaluator = Evaluator(
        examples=window,
        example_splits=[config.evaluator.split],
        model=model,
        baseline_model=baseline.outputs["model"],
        schema=schema,
        eval_config=eval_config(config),
    )

    misjudged, misjudged_images = _misjudged(config, window, model)

    report = EvaluationReport(
        evaluation=evaluator.outputs["evaluation"],
        transform_graph=transform.outputs["transform_graph"],
        misjudged=misjudged_images,
        settings=report_settings(config),
    )

    predictions = Predictions(examples=examples, model=model, without=config.image_columns)

    embeddings = _embeddings(config, examples, model)

    prediction_drift, prediction_gates = drift_nodes.after_training(config, examples, model, earlier_spans)

    pusher = Pusher(
        model=model,
        model_blessing=evaluator.outputs["blessing"],
        examples=examples,
        serving_dir=config.serving_path,
    )
    # What serves is pushed when all else is done: a run that fails pushes nothing, whichever node was quicker.
    for node in (*drift, report, predictions, *embeddings, *prediction_drift, *prediction_gates):
        pusher.add_upstream_node(node)

    nodes: list[BaseNode] = [
        example_gen, statistics_gen, schema_gen, example_validator, anomaly_gate, *span_window, *earlier_spans, *drift,
        *drift_gates, *near_duplicates, *duplicate_gates, transform, *warm_start, *tuner, trainer, baseline, evaluator,
        *misjudged, report, predictions, *embeddings, *prediction_drift, *prediction_gates, pusher,
    ]  # fmt: skip
    return Pipeline(pipeline_name=config.name, components=nodes, enable_cache=config.cache)


def _schema_gen(config: Config, statistics: BaseChannel) -> BaseNode:
    """The curated schema of the config, or one inferred from the training split."""
    if config.schema_.path is None:
        return SchemaGen(statistics, images=config.image_columns)
    return ImportSchemaGen(schema_file=config.resolve(config.schema_.path)).with_id("SchemaGen")


def _span_window(config: Config, example_gen: ExampleGen) -> tuple[list[BaseNode], BaseChannel]:
    """The node that collects the examples of the last spans, and its output; for one span none, and this run's."""
    examples = example_gen.outputs["examples"]
    if config.data.window == 1:
        return [], examples
    resolver = Resolver(
        strategy_class=SpanWindow,
        config={"num_spans": config.data.window},
        # Named without its output key, or TFX's compiler takes the two channels for one.
        examples=Channel(type=Examples, producer_component_id=example_gen.id),
        current=examples,
    ).with_id("SpanWindow")
    return [resolver], resolver.outputs["examples"]


def _near_duplicates(config: Config, examples: BaseChannel) -> tuple[list[BaseNode], list[BaseNode]]:
    """The node that finds near-duplicate images across splits, and the gate behind it; none without images."""
    wanted = config.searched_duplicates
    if wanted is None:
        return [], []
    found = NearDuplicates(examples, config.image_columns, wanted.max_distance, wanted.min_ssim)
    return [found], [DuplicateGate(found.outputs["duplicates"], wanted.max_share)]


def _misjudged(config: Config, examples: BaseChannel, model: BaseChannel) -> tuple[list[BaseNode], BaseChannel | None]:
    """The node that finds the images that the model gets most wrong, and its output; none without images or classes."""
    evaluator = config.evaluator
    heads = [head.output_name for head in config.heads if head.task != "regression"]
    if not (config.image_columns and heads and evaluator.misjudged):
        return [], None
    found = Misjudged(examples, model, config.image_columns[0], evaluator.split, evaluator.misjudged, heads)
    return [found], found.outputs["misjudged"]


def _embeddings(config: Config, examples: BaseChannel, model: BaseChannel) -> list[BaseNode]:
    """The node that writes the output of a layer, where the config names one."""
    return [Embeddings(examples, model, without=config.image_columns)] if config.extract else []


def _warm_start(config: Config) -> tuple[list[BaseNode], BaseChannel | None]:
    """The node that finds the latest blessed model to start from, and its output."""
    if not config.trainer.warm_start:
        return [], None
    resolver = Resolver(
        strategy_class=LatestBlessedModelStrategy,
        model=Channel(type=Model),
        model_blessing=Channel(type=ModelBlessing),
    ).with_id("LatestBlessedModel")
    return [resolver], resolver.outputs["model"]


def _tuner(
    config: Config, transform: Transform, schema: BaseChannel, base_model: BaseChannel | None
) -> tuple[list[BaseNode], BaseChannel | None]:
    """The node that searches for the best values of the Trainer's settings, and its output."""
    if config.tuner is None:
        return [], None
    tuner = Tuner(
        tuner_fn=TUNER_FN,
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema,
        base_model=base_model,
        train_args=trainer_pb2.TrainArgs(splits=["train"]),
        eval_args=trainer_pb2.EvalArgs(splits=["eval"]),
        custom_config={"settings": tuner_settings(config, config.tuner).model_dump_json()},
    )
    return [tuner], tuner.outputs["best_hyperparameters"]
