"""The nodes of the pipeline that compare its data with other data."""

from __future__ import annotations

import tensorflow_data_validation as tfdv
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.types import Channel
from tfx.types.channel import BaseChannel
from tfx.types.standard_artifacts import Examples, ExampleStatistics

from components import statistics_gen
from components.drift.component import Drift, Settings
from components.drift.earlier_spans import EarlierSpans
from components.drift.gate import DriftGate
from components.drift.prediction_drift import PredictionDrift
from components.example_gen.component import ExampleGen
from components.statistics_gen import StatisticsGen
from pipeline.config import Config, Serving
from pipeline.nodes.settings import ingestion_settings

_GATES = ("AnomalyGate", "DriftGate", "PredictionDriftGate")


def stats_options(config: Config) -> tfdv.StatsOptions:
    """How all data is counted."""
    slices = config.compared_drift.slices if config.compared_drift else ()
    return statistics_gen.options(config.schema_.quantile_buckets, slices)


def gates(config: Config) -> list[str]:
    """Those whose no to a span makes it no baseline, as the store names them."""
    return [f"{config.name}.{gate}" for gate in _GATES]


def earlier_spans(config: Config, example_gen: ExampleGen, counted: StatisticsGen) -> list[BaseNode]:
    """The node that finds what earlier spans left; none where nothing is compared with them."""
    compared = config.compared_drift
    if not (compared and (compared.previous or compared.window or compared.predictions)):
        return []
    most = {"statistics": compared.history, "examples": max(compared.window, int(compared.predictions))}
    resolver = Resolver(
        strategy_class=EarlierSpans,
        config={"most": most, "gates": gates(config)},
        # Named without their output keys, or TFX's compiler takes the two channels of examples for one.
        examples=Channel(type=Examples, producer_component_id=example_gen.id),
        statistics=Channel(type=ExampleStatistics, producer_component_id=counted.id),
        refused=Channel(type=ExampleStatistics, producer_component_id=counted.id),
        current=example_gen.outputs["examples"],
    ).with_id("EarlierSpans")
    return [resolver]


def before_training(
    config: Config, examples: BaseChannel, statistics: BaseChannel, schema: BaseChannel, earlier: list[BaseNode]
) -> tuple[list[BaseNode], list[BaseNode]]:
    """The nodes that compare the data before it is trained on, and the gate behind them."""
    compared = config.compared_drift
    if not (compared and compared.compares):
        return [], []
    serving = _serving(config, compared.serving) if compared.serving else []
    key = compared.serving.key if compared.serving else ()
    by_rows = bool(key or config.report.rows)
    found = Drift(
        statistics=statistics,
        schema=schema,
        settings=Settings(
            spans=config.data.has_spans,
            **compared.model_dump(include={"previous", "window", "splits"}),
            labels=tuple(sorted({head.label for head in config.heads if head.label})),
            key=key,
            rows=config.report.rows,
            stats_options=stats_options(config).to_json(),
            without=config.image_columns,
        ),
        earlier=earlier[0].outputs["statistics"] if earlier else None,
        earlier_examples=earlier[0].outputs["examples"] if compared.window else None,
        refused=earlier[0].outputs["refused"] if earlier else None,
        serving=serving[-1].outputs["statistics"] if serving else None,
        examples=examples if by_rows else None,
        serving_examples=serving[0].outputs["examples"] if serving and by_rows else None,
    )
    return [*serving, found], [DriftGate(found.outputs["reports"], compared.on_drift)]


def _serving(config: Config, serving: Serving) -> list[BaseNode]:
    """The nodes that ingest serving data, all of it into one split, and count it."""
    example_gen = ExampleGen(
        path=config.resolve(serving.path),
        format=serving.format or config.data.format,
        settings={**ingestion_settings(config), "splits": {"kind": "hash", "train": 1}},
    ).with_id("ServingExampleGen")
    counted = StatisticsGen(
        examples=example_gen.outputs["examples"],
        stats_options=stats_options(config),
        without=config.image_columns,
    ).with_id("ServingStatistics")
    return [example_gen, counted]


def after_training(
    config: Config, examples: BaseChannel, model: BaseChannel, earlier: list[BaseNode]
) -> tuple[list[BaseNode], list[BaseNode]]:
    """The node that compares predictions and labels with those of the span before, and the gate behind it."""
    compared = config.compared_drift
    if not (compared and compared.predictions):
        return [], []
    found = PredictionDrift(
        model=model,
        examples=examples,
        earlier=earlier[0].outputs["examples"],
        refused=earlier[0].outputs["refused"],
        classes={
            head.output_name: None if head.task == "regression" else head.label_spec.classes for head in config.heads
        },
        split=config.evaluator.split,
        quantile_buckets=config.schema_.quantile_buckets,
    )
    gate = DriftGate(found.outputs["reports"], compared.on_drift).with_id(_GATES[-1])
    return [found], [gate]
