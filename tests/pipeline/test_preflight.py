from __future__ import annotations

from typing import Any

import pytest

import pipeline.config as c
from components.errors import ConfigError
from pipeline import preflight
from pipeline.config.load import load


def config(head: dict[str, Any] | None = None, **changes: Any) -> c.Config:
    fields = {
        "name": "shop",
        "data": c.Data(path="*.csv"),
        "heads": (c.Head(label="sold", **head or {}),),
        "features": (c.ZScore(column="price"),),
    }
    return c.Config(**{**fields, **changes})


def test_a_config_that_names_what_exists_passes():
    preflight.check(load("taxi"))
    preflight.check(config({"loss": "pipeline.ml.losses.SSIMLoss", "metrics": ("auc", "pipeline.ml.metrics.RMSE")}))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (config(trainer=c.Trainer(optimizer="adma")), "trainer.optimizer: Keras knows no 'adma'. Did you mean Adam"),
        (config({"loss": "nope.nope"}), "nope.nope: cannot import nope"),
        (
            config({"loss": "binary_crossentropi"}),
            "heads.sold.loss: Keras knows no .* Did you mean .*binary_crossentropy",
        ),
        (
            config(drift=c.Drift(serving=c.Serving(path="/nowhere/*.csv"))),
            r"drift.serving.path: no file matches /nowhere/\*.csv",
        ),
        (
            config(data=c.Data(path="s3://bucket/span-{SPAN}/*.csv")),
            r"data.path: TFX cannot read s3://bucket/span-\{SPAN\}/\*.csv: File system scheme 's3' not implemented",
        ),
        (config(schema=c.Schema(path="gone.pbtxt")), "schema.path: .*gone.pbtxt: no such file"),
        (config(schema=c.Schema(path="setup.py")), "schema.path: .*setup.py: expected a schema as a text proto"),
        (config({"metrics": ("aux",)}), "heads.sold.metrics: Keras knows no 'aux'. Did you mean AUC"),
        (
            config(trainer=c.Trainer(callbacks=("pipeline.ml.callbacks.Stop",))),
            "pipeline.ml.callbacks defines no 'Stop'",
        ),
        (
            config(trainer=c.Trainer(train_step="pipeline.ml.train_steps.RADIUS")),
            "trainer.train_step: pipeline.ml.train_steps.RADIUS must be a function. Received: 0.05",
        ),
        (config(model=c.Backbone(name="VGG61")), "keras.applications has no 'VGG61'. Did you mean VGG"),
        (config(model=c.Backbone(weights="gone.h5", sha256="0" * 64)), "gone.h5: cannot read this file"),
        (config(model=c.Backbone(weights="setup.py", sha256="0" * 64)), "setup.py: this is not the file of weights"),
        (config(beam=c.Beam(runner="DirectRuner")), "beam.runner: Beam knows no 'DirectRuner': .*DirectRunner"),
        (config(preprocessing_fn="gone.py:f"), "gone.py: no such file"),
    ],
)
def test_what_leads_nowhere_is_named(wrong, message):
    with pytest.raises(ConfigError, match=message):
        preflight.check(wrong)
