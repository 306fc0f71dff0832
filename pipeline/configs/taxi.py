"""Chicago taxi trips: will the passenger tip more than 20 % of the fare? Run it with `millrace run taxi`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pipeline.config as c

if TYPE_CHECKING:
    import tensorflow as tf


def big_tipper(columns: dict[str, tf.Tensor]) -> tf.Tensor:
    """1 where the tip is over a fifth of the fare, shape [batch]; a missing tip or fare counts as none."""
    import tensorflow as tf

    return tf.cast(columns["tips"] > 0.2 * columns["fare"], tf.int64)


def get_config() -> c.Config:
    """The project's main example: three spans of real trips, a wide & deep model, gated by AUC."""
    return c.Config(
        name="taxi",
        data=c.Data(path="data/taxi/csv/span-{SPAN}/*.csv", window=3),
        schema=c.Schema(path="schemas/taxi.pbtxt"),
        heads=(c.Head(name="big_tipper", label_function="pipeline.configs.taxi.big_tipper"),),
        features=(
            c.ZScore(column="trip_miles"),
            c.ZScore(column="fare"),
            c.ZScore(column="trip_seconds"),
            c.Buckets(column="pickup_latitude", count=10),
            c.Buckets(column="pickup_longitude", count=10),
            c.Buckets(column="dropoff_latitude", count=10),
            c.Buckets(column="dropoff_longitude", count=10),
            c.Vocabulary(column="payment_type"),
            c.Vocabulary(column="company", top_k=1000, oov_buckets=10, encoding=c.Embedding(size=8)),
            c.Identity(column="trip_start_hour", size=24),
            c.Identity(column="trip_start_day", size=8),
            c.Identity(column="trip_start_month", size=13),
            c.Cross(columns=("trip_start_day", "trip_start_hour"), buckets=100),
        ),
        model=c.Model(kind="wide_deep", hidden_units=(100, 70, 50, 25)),
        trainer=c.Trainer(epochs=3, batch_size=64, early_stopping=c.EarlyStopping(patience=2)),
        evaluator=c.Evaluator(
            slices=(("trip_start_hour",), ("payment_type",)),
            thresholds=(c.Threshold(metric="auc", lower=0.7, max_loss=0.01),),
        ),
    )
