"""Which nodes compare data, and what waits for them."""

from __future__ import annotations

import pytest
import tensorflow_data_validation as tfdv
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import RESOLVER_CONFIG

import pipeline.config as c
from pipeline.graph import create_pipeline, node_of_earlier_spans

SERVING = c.Serving(path="asked.csv")
OFF = {"previous": False, "predictions": False}
DATA = {"EarlierSpans", "Drift", "DriftGate"}
PREDICTIONS = {"EarlierSpans", "PredictionDrift", "PredictionDriftGate"}


def _config(drift: c.Drift | None, path: str = "span-{SPAN}.csv") -> c.Config:
    return c.Config(
        name="shop",
        data=c.Data(path=path),
        heads=(c.Head(label="y"),),
        features=(c.Numeric(column="x"),),
        drift=drift,
    )


def _nodes(config: c.Config) -> dict[str, BaseNode]:
    return {node.id: node for node in create_pipeline(config).components}


@pytest.mark.parametrize(
    ("drift", "there"),
    [
        (None, set()),
        (c.Drift(), DATA | PREDICTIONS),
        (c.Drift(predictions=False), DATA),
        (c.Drift(previous=False), PREDICTIONS),
        (c.Drift(**OFF), set()),
        (c.Drift(**OFF, window=3), DATA),
        (c.Drift(**OFF, splits=("eval",)), DATA - {"EarlierSpans"}),
        (c.Drift(**OFF, serving=SERVING), {"ServingExampleGen", "ServingStatistics", "Drift", "DriftGate"}),
    ],
    ids=["none", "default", "data", "predictions", "off", "window", "splits", "serving"],
)
def test_there_is_what_the_config_compares_and_no_more(drift: c.Drift | None, there: set[str]) -> None:
    compares = {"EarlierSpans", "Drift", "DriftGate", "PredictionDrift", "PredictionDriftGate"}
    assert {name for name in _nodes(_config(drift)) if name in compares or name.startswith("Serving")} == there


def test_without_spans_only_what_needs_none_is_compared() -> None:
    nodes = _nodes(_config(c.Drift(splits=("eval",)), path="rows.csv"))
    assert {"Drift", "DriftGate"} <= nodes.keys()
    assert not {"EarlierSpans", "PredictionDrift"} & nodes.keys()


def test_gates_stand_before_the_training_and_before_the_push() -> None:
    nodes = _nodes(_config(c.Drift(on_drift="fail")))
    assert {"AnomalyGate", "DriftGate"} <= {node.id for node in nodes["Trainer"].upstream_nodes}
    assert "AnomalyGate" in {node.id for node in nodes["DriftGate"].upstream_nodes}
    assert "PredictionDriftGate" in {node.id for node in nodes["Pusher"].upstream_nodes}
    for gate in ("DriftGate", "PredictionDriftGate"):
        assert nodes[gate].exec_properties["mode"] == "fail"


def test_every_gate_can_make_a_span_no_baseline() -> None:
    nodes = _nodes(_config(c.Drift()))
    gates = {f"shop.{name}" for name in nodes if name.endswith("Gate")}
    assert len(gates) == 3
    assert set(nodes["EarlierSpans"].exec_properties[RESOLVER_CONFIG]["gates"]) == gates


def test_slices_are_counted_for_all_that_is_compared() -> None:
    nodes = _nodes(_config(c.Drift(slices=(("x",),), serving=SERVING)))
    asked = {nodes[name].exec_properties["stats_options_json"] for name in ("StatisticsGen", "ServingStatistics")}
    assert len(asked) == 1
    [spec] = tfdv.StatsOptions.from_json(asked.pop()).slicing_config.slicing_specs
    assert spec.feature_keys == ["x"]


@pytest.mark.parametrize(
    ("drift", "last"),
    [(c.Drift(), "StatisticsGen"), (c.Drift(previous=False), "ExampleGen"), (None, "ExampleGen")],
    ids=["previous", "predictions", "none"],
)
def test_earlier_spans_of_a_window_are_counted_where_they_are_compared(drift: c.Drift | None, last: str) -> None:
    assert node_of_earlier_spans(_config(drift)) == last
