"""What one does without a pipeline: `python -m tests.benchmarks.by_hand CSV WORK_DIR`.

pandas reads, Keras' preprocessing layers and the template's network are trained, scikit-learn evaluates the same
metrics, overall and for each hour; model and metrics are saved. Nothing is counted, checked, cached, gated or written
down on the way, and all rows are in memory.
"""

from __future__ import annotations

import json
import os
import sys

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from sklearn.model_selection import train_test_split

from tests.benchmarks.by_hand_metrics import by_slice
from tests.benchmarks.laps import Laps

NUMBER, BUCKETED, IDS = "trip_miles", "pickup_latitude", "trip_start_hour"
BUCKETS, HOURS = 10, 24
BATCH = 40
PREDICTED_AT_A_TIME = 4096

Columns = dict[str, np.ndarray]


def main(path: str, work: str) -> None:
    """Trains on two thirds of the rows, evaluates on the rest; writes WORK/metrics.json, model.keras and laps.json."""
    laps = Laps()
    os.makedirs(work, exist_ok=True)
    with laps.lap("read"):
        frame = read(path)
        train, test = train_test_split(frame, test_size=1 / 3, random_state=0)
    with laps.lap("adapt"):
        model = build(columns(train))
    with laps.lap("train"):
        fit(model, train, test)
    with laps.lap("evaluate"):
        scores = model.predict(columns(test), batch_size=PREDICTED_AT_A_TIME, verbose=0)[:, 0]
        evaluated = by_slice(test["big_tipper"].to_numpy(), scores, IDS, test[IDS].to_numpy())
    with laps.lap("save"):
        model.save(os.path.join(work, "model.keras"))
        with open(os.path.join(work, "metrics.json"), "w") as file:
            json.dump(evaluated, file, indent=2)
    laps.write(work)


def read(path: str) -> pd.DataFrame:
    """The rows, with what is missing filled as the template does, and the label."""
    frame = pd.read_csv(path)
    frame["big_tipper"] = (frame["tips"] > 0.2 * frame["fare"]).astype("int64")
    return frame.fillna({NUMBER: 0.0, BUCKETED: 0.0, IDS: 0})


def columns(frame: pd.DataFrame) -> Columns:
    """The model's inputs, each [rows, 1]."""
    types = {NUMBER: "float32", BUCKETED: "float32", IDS: "int64"}
    return {name: frame[[name]].to_numpy(kind) for name, kind in types.items()}


def build(train: Columns) -> keras.Model:
    """The template's network on the raw columns: a deep part for the number, a wide one for buckets and ids."""
    inputs = {name: keras.Input((1,), name=name, dtype=values.dtype.name) for name, values in train.items()}
    normalize = keras.layers.Normalization()
    normalize.adapt(train[NUMBER])
    bucketize = keras.layers.Discretization(num_bins=BUCKETS)
    bucketize.adapt(train[BUCKETED])
    one_hot = keras.layers.CategoryEncoding(BUCKETS, output_mode="one_hot")  # Discretization's own tells a wrong shape
    look_up = keras.layers.IntegerLookup(vocabulary=list(range(HOURS)), num_oov_indices=0, output_mode="one_hot")
    deep = normalize(inputs[NUMBER])
    for units in (16, 8):
        deep = keras.layers.Dense(units)(deep)
    wide = keras.layers.concatenate([one_hot(bucketize(inputs[BUCKETED])), look_up(inputs[IDS])])
    output = keras.layers.Dense(1, activation="sigmoid")(keras.layers.concatenate([deep, wide]))
    model = keras.Model(inputs, output)
    model.compile("adam", "binary_crossentropy", metrics=["binary_accuracy"])
    return model


def fit(model: keras.Model, train: pd.DataFrame, test: pd.DataFrame) -> None:
    """One epoch, and its validation."""

    def batches(frame: pd.DataFrame) -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices((columns(frame), frame["big_tipper"].to_numpy()))

    model.fit(
        batches(train).shuffle(10_000, seed=0).batch(BATCH).prefetch(tf.data.AUTOTUNE),
        validation_data=batches(test).batch(BATCH).prefetch(tf.data.AUTOTUNE),
        verbose=0,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
