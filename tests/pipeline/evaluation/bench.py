"""TFX's real Evaluator on small models, for tests of what it is told and of what it says."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import numpy as np
from google.protobuf import json_format
from tfx.types import standard_artifacts

from components.evaluation_report import compute
from components.evaluation_report.result import Result
from components.evaluator import Executor
from pipeline.config import Config, Data, Evaluator, Head, Ranges, Threshold, Trainer, ZScore
from pipeline.evaluation.eval_config import eval_config
from pipeline.evaluation.report_settings import report_settings
from tests import tiny_model

ROWS = 240


def rows() -> list[dict[str, Any]]:
    """Labels follow x with noise; for kind "noise" they do not follow it at all, "few" has three rows of one class."""
    random = np.random.RandomState(7)
    found = []
    for index in range(ROWS):
        x = float(random.randn())
        kind = "few" if index < 3 else ("good", "noise")[index % 2]
        y = int(x + random.randn() > 0) if kind == "good" else int(random.rand() > 0.5)
        c = int(np.argmax(np.array([-x, 0.0, x]) + random.gumbel(size=3)))
        label = 1 if kind == "few" else y
        found.append(
            {"x": x, "kind": kind, "y": label, "z": 2 * x + float(random.randn()), "c": c, "w": 1.0 + index % 3}
        )
    return found


X = Ranges(column="x", boundaries=(-0.5, 0.5))
HEADS = (
    Head(label="y", classes=("no", "yes")),
    Head(label="z", task="regression"),
    Head(label="c", task="multiclass", classes=("a", "b", "c")),
)


def config(heads: tuple[Head, ...], *thresholds: Threshold, weight: str | None = None, **evaluator: Any) -> Config:
    """A config; what concerns only training is left at its defaults."""
    return Config(
        name="tiny",
        data=Data(path="x.csv"),
        features=(ZScore(column="x"),),
        heads=heads,
        trainer=Trainer(example_weight=weight),
        evaluator=Evaluator(thresholds=thresholds, **evaluator),
    )


@dataclasses.dataclass(frozen=True)
class Judged:
    """What the Evaluator and the report said."""

    config: Config
    models: tuple[Any, Any]
    """The candidate, and the baseline or None."""
    folder: str
    blessed: bool
    result: Result
    evaluation: compute.Evaluation


class Bench:
    """Runs the Evaluator."""

    def __init__(self, root: str) -> None:
        self.root = root
        tiny_model.write_split(f"{root}/examples", "eval", rows())
        os.makedirs(f"{root}/schema")
        with open(f"{root}/schema/schema.pbtxt", "w") as file:
            file.write(tiny_model.SCHEMA)

    def model(self, name: str, **settings: Any) -> Any:
        tiny_model.save(f"{self.root}/{name}/Format-Serving", **settings)
        return self._artifact(standard_artifacts.Model, name)

    def judge(self, name: str, config: Config, model: Any, baseline: Any = None, executor: type = Executor) -> Judged:
        examples = self._artifact(standard_artifacts.Examples, "examples")
        examples.split_names = '["eval"]'
        schema = self._artifact(standard_artifacts.Schema, "schema")
        inputs = {"examples": [examples], "model": [model], "schema": [schema]}
        inputs |= {"baseline_model": [baseline]} if baseline else {}
        evaluation = self._artifact(standard_artifacts.ModelEvaluation, f"{name}-evaluation")
        blessing = self._artifact(standard_artifacts.ModelBlessing, f"{name}-blessing")
        properties = {
            "eval_config": json_format.MessageToJson(eval_config(config)),
            "example_splits": '["eval"]',
            "fairness_indicator_thresholds": "null",
        }
        executor().Do(inputs, {"evaluation": [evaluation], "blessing": [blessing]}, properties)
        read = compute.read(evaluation.uri)
        result = compute.compute(read, report_settings(config))
        blessed = bool(blessing.get_int_custom_property("blessed"))
        return Judged(config, (model, baseline), evaluation.uri, blessed, result, read)

    def _artifact(self, kind: Any, name: str) -> Any:
        artifact = kind()
        artifact.uri = f"{self.root}/{name}"
        artifact.id = 1
        return artifact
