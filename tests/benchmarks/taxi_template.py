"""The taxi template of TFX as a Millrace config: its three features, its network, its batch."""

from __future__ import annotations

import pipeline.config as c


def get_config() -> c.Config:
    """Same features, layers, batch and metrics as `tests.benchmarks.stock`."""
    return c.Config(
        name="taxi-template",
        data=c.Data(path="data.csv", splits=c.HashSplits(train=2, eval=1, test=0)),
        heads=(
            c.Head(
                name="tips",
                label_function="pipeline.configs.taxi.big_tipper",
                metrics=("binary_accuracy",),
            ),
        ),
        features=(
            c.ZScore(column="trip_miles", fill=0.0),
            c.Buckets(column="pickup_latitude", count=10, fill=0.0),
            c.Identity(column="trip_start_hour", size=24, fill=0),
        ),
        model=c.Model(kind="wide_deep", hidden_units=(16, 8), activation="linear"),
        trainer=c.Trainer(epochs=1, batch_size=40),
        evaluator=c.Evaluator(
            slices=(("trip_start_hour",),),
            thresholds=(c.Threshold(metric="accuracy", lower=0.5),),
            confidence=False,
        ),
    )
