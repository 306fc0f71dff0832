"""What a run is given is refused where its first task would refuse it, or where the run could not run."""

from __future__ import annotations

import re
from typing import Any

import pytest

import pipeline.config as c
from components.errors import ConfigError
from pipeline.config.load import load
from pipeline.kubeflow.values import check_values, set_fields
from tests.pipeline.kubeflow import gpu_config

RUNTIME = (
    "trainer.epochs",
    "data.path",
    "data.span",
    "drift.window",
    "schema.on_anomalies",
    "pusher.path",
    "drift.hook",
    "beam.args",
)


@pytest.mark.parametrize(
    ("setting", "counts"),
    [
        ("data.span=", False),
        ("data.span=3", True),
        ("data.path=", True),
        ("evaluator.thresholds=", True),
        ("drift.hook=", False),
        ("drift.hook=sh notify.sh", True),
    ],
)
def test_an_empty_text_leaves_a_field_alone_that_is_none(setting: str, counts: bool) -> None:
    assert set_fields(load("taxi"), [setting, "trainer.epochs=2"]) == [setting] * counts + ["trainer.epochs=2"]


def _check(**values: Any) -> None:
    data = c.Data(path="data/taxi/all.csv")
    cluster = c.Kubeflow(runtime=RUNTIME)
    check_values(gpu_config.config(data=data, drift=c.Drift(), kubeflow=cluster), values)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"trainer_epochs": 9, "run_id": "x", "data_span": ""},
        {"data_path": "data/taxi/span-{SPAN}/*.csv", "drift_window": 3},
        {"pipeline_root": "/mnt/millrace/mine", "pusher_path": "/mnt/millrace/mine/serving"},
        {"pusher_path": "", "drift_hook": "sh notify.sh", "beam_args": []},
    ],
    ids=str,
)
def test_what_can_run_passes(values: dict[str, Any]) -> None:
    _check(**values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"run_id": "x", "trainer_epochs": -5}, "--param trainer_epochs=-5: Trainer.epochs: Input should be greater"),
        ({"drift_window": 3}, "--param drift_window=3: "),
        ({"data_path": "x.csv", "drift_window": 3, "run_id": "x"}, "--param data_path=x.csv --param drift_window=3: "),
        ({"schema_on_anomalies": ""}, "--param schema_on_anomalies=: Schema.on_anomalies: "),
        ({"data_path": "2024"}, "--param data_path=2024: Data.path: Input should be a valid string"),
        ({"pusher_path": "/nowhere"}, "--param pusher_path=/nowhere: pusher.path must lie in one of kubeflow.volumes"),
        ({"drift_hook": "https://hooks/x"}, "--param drift_hook=https://hooks/x: drift.hook names a webhook"),
        ({"drift_hook": "env:HOOK"}, "--param drift_hook=env:HOOK: drift.hook is env:HOOK, and nothing in kubeflow"),
        ({"pipeline_root": "runs"}, "--param pipeline_root=runs: kubeflow.root must lie in one of kubeflow.volumes"),
        ({"pipeline_root": ""}, "--param pipeline_root=: kubeflow.root must lie in one of kubeflow.volumes"),
        ({"data_path": "data/{{$}}.csv"}, "--param data_path=data/{{$}}.csv: what stands in {{ }} is replaced by Argo"),
        ({"beam_args": [3]}, "--param beam_args=[3]: Beam.args.0: Input should be a valid string"),
    ],
    ids=str,
)
def test_what_cannot_is_refused_by_the_parameters_that_are_wrong(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}"):
        _check(**values)
