"""What a run may set, with types and defaults."""

from __future__ import annotations

import re
from typing import Any

import pytest

import pipeline.config as c
from components.errors import ConfigError
from pipeline.kubeflow.parameters import parameters
from tests.pipeline.kubeflow import gpu_config


def _parameters(*runtime: str, **fields: Any) -> dict[str, tuple[str, Any]]:
    config = gpu_config.config(kubeflow=c.Kubeflow(root="/mnt/millrace/x", runtime=runtime), **fields)
    return {each.name: (each.type, each.default) for each in parameters(config)}


def test_every_pipeline_has_its_root_and_its_run() -> None:
    assert _parameters() == {"pipeline_root": ("STRING", "/mnt/millrace/x"), "run_id": ("STRING", "")}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("trainer.epochs", ("NUMBER_INTEGER", 5)),
        ("trainer.learning_rate", ("NUMBER_DOUBLE", 0.001)),
        ("data.bad_rows", ("NUMBER_DOUBLE", 0)),
        ("cache", ("BOOLEAN", True)),
        ("data.path", ("STRING", "data/taxi/span-{SPAN}/*.csv")),
        ("data.span", ("STRING", "")),
        ("schema.on_anomalies", ("STRING", "fail")),
        ("beam.args", ("LIST", ["--direct_num_workers=2"])),
        ("heads.0.weight", ("NUMBER_DOUBLE", 1.0)),
        ("heads.0.label_function", ("STRING", "sub/own.py:label")),
        ("tuner.space", ("STRUCT", {"trainer.seed": {"values": [1, 2]}})),
    ],
)
def test_types_are_the_fields_and_defaults_the_configs(path: str, expected: tuple[str, Any]) -> None:
    found = _parameters(
        path,
        beam=c.Beam(args=("--direct_num_workers=2",)),
        heads=(c.Head(name="tips", task="regression", label_function="/somewhere/sub/own.py:label"),),
        tuner=c.Tuner(space={"trainer.seed": c.Choice(1, 2)}),
        evaluator=c.Evaluator(),
    )
    kind, default = found[path.replace(".", "_")]
    if kind == "STRUCT":
        default = {name: {"values": domain["values"]} for name, domain in default.items()}
    assert (kind, default) == expected


@pytest.mark.parametrize(
    ("runtime", "message"),
    [
        (("trainer.epohcs",), "trainer.epohcs: Trainer has no field 'epohcs'. Did you mean epochs? Valid fields: "),
        (("heads.3.weight",), "heads.3.weight: there is no '3' in what this config has there: (Head("),
        (("tuner.trials",), "tuner.trials: there is no 'trials' in what this config has there: None"),
        (("data.span.x",), "there is no 'x' in what this config has there: None"),
        (("kubeflow.image",), "kubeflow.image is not for a run to set: the YAML is compiled from it"),
        (("root",), "root is not for a run to set: that is the parameter pipeline_root"),
        (("resources.Trainer.gpus",), "not for a run to set: steps are placed by it"),
        (("data.span", "data.span"), "data.span would be the parameter data_span, which is data.span already"),
    ],
)
def test_what_is_no_field_or_cannot_change_is_refused(runtime: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        _parameters(*runtime)


def _bounded(**bounds: Any) -> c.Evaluator:
    return c.Evaluator(thresholds=(c.Threshold(metric="auc", **bounds),))


@pytest.mark.parametrize(
    ("fields", "path", "message"),
    [
        (
            {"features": (c.Numeric(column="x", fill=float("inf")),)},
            "features.0.fill",
            "is inf: KFP has no such number",
        ),
        ({"trainer": c.Trainer(seed=2**60 + 1)}, "trainer.seed", "KFP's numbers are not exact there"),
        ({"evaluator": _bounded(lower=float("-inf"))}, "evaluator.thresholds", "KFP has no such number"),
        (
            {"evaluator": _bounded(lower=0, slice={"id": 2**60 + 1})},
            "evaluator.thresholds",
            "KFP's numbers are not exact",
        ),
        ({"data": c.Data(path="2024")}, "data.path", "'2024': as a parameter it would be read as 2024"),
    ],
    ids=["infinite", "large", "infinite in a list", "large in a list", "digits"],
)
def test_a_default_that_would_not_come_back_is_refused(fields: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        _parameters(path, **fields)
