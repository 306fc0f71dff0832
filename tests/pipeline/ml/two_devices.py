"""Trainings on two devices, in a process of their own: python -m tests.pipeline.ml.two_devices [FOLDER]"""

from __future__ import annotations

import os
import pickle
import sys
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

import pipeline.config as c
from pipeline.config.settings import TrainerSettings
from pipeline.ml import distribution, optimizers, prepared
from pipeline.ml.heads import Head
from pipeline.ml.inputs import ModelInput
from tests.pipeline.ml.loops import Columns, loop_of
from tests.pipeline.ml.user_code import Killed

ROWS, BATCH = 136, 32
"""Four batches of 32 and one of 8, which two devices share equally."""
CODE = "tests.pipeline.ml.user_code."


class Outcome(NamedTuple):
    """What a training leaves."""

    weights: list[np.ndarray]
    rows: list[dict[str, float]]
    predictions: np.ndarray
    """Of the model that is exported."""


def split() -> None:
    """The CPU as two devices, in the place of two GPUs."""
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], halves)
    distribution.gpus = lambda: ["CPU:0", "CPU:1"]


def step(trainer: c.Trainer, gradients: tuple[float, float]) -> tuple[float, keras.Optimizer]:
    """A weight of 1 after a step by these gradients, one on each device."""
    strategy = distribution.strategy(trainer)
    with strategy.scope():
        weight = tf.Variable([1.0], name="kernel")
        optimizer = optimizers.optimizer(trainer, 1)
        optimizer.build([weight])

    @tf.function
    def apply() -> None:
        place = tf.distribute.get_replica_context().replica_id_in_sync_group
        optimizer.apply([tf.gather(gradients, [place])])

    strategy.run(apply)
    return float(weight.numpy()[0]), optimizer


def settings(**fields: Any) -> TrainerSettings:
    """The gradients of embeddings are sparse, and clipping must see their sum."""
    shops = c.Vocabulary(column="shop", encoding=c.Embedding(size=2))
    return TrainerSettings(
        features=(c.Numeric(column="amount"), shops, c.Identity(column="hour", size=5)),
        heads=(c.Head(label="kind", classes=("no", "yes"), metrics=("binary_accuracy",)),),
        model=c.Model(hidden_units=(8,)),
        trainer=c.Trainer(
            epochs=2, batch_size=BATCH, tensorboard=False, learning_rate=0.01, weight_decay=0.1, ema_momentum=0.9,
            global_clipnorm=0.1, checkpoint_steps=2, **fields,
        ),
    )  # fmt: skip


def data_of(settings: TrainerSettings) -> prepared.Data:
    random = np.random.default_rng(0)
    amount, shop, hour = random.normal(size=ROWS), random.integers(0, 4, ROWS), random.integers(0, 6, ROWS)
    features = {"amount": amount.astype(np.float32), "shop": shop, "hour": hour}
    source = Columns(features, {"kind": (amount + shop > 2).astype(np.int64)[:, None]}, BATCH)
    inputs = ModelInput("amount"), ModelInput("shop", 4, 2), ModelInput("hour", 6)
    transform: Any = None
    return prepared.Data(transform, (Head(settings.heads[0], ("no", "yes")),), inputs, source, source)


def outcome(folder: str, **fields: Any) -> Outcome:
    """Train from the checkpoint in `folder` on."""
    wanted = settings(**fields)
    data = data_of(wanted)
    loop = loop_of(folder, wanted, data)
    rows = loop.run().rows
    features, _ = next(iter(data.evaluation.epoch(0)))
    predictions = prepared.served(loop.model, wanted, data)(features)["kind"]
    return Outcome(loop.model.get_weights(), rows, np.array(predictions))


def train(folder: str) -> None:
    """On one device and on two, by Keras' step and one's own; one is killed in its ninth step, and goes on."""
    killed = os.path.join(folder, "killed")
    with pytest.raises(Killed):
        outcome(killed, callbacks=(f"{CODE}KillAt",))
    # From the checkpoint of the eighth step on there are less than nine, so that it is not killed again.
    outcomes = {
        "one": outcome(os.path.join(folder, "one"), distribute=False),
        "killed": outcome(killed, callbacks=(f"{CODE}KillAt",)),
        "own": outcome(os.path.join(folder, "own"), train_step=f"{CODE}plain_step"),
    }
    distribution.gpus = lambda: ["CPU:1"]
    outcomes["at hand"] = outcome(os.path.join(folder, "at-hand"), prefetch_to_device=True)
    with open(os.path.join(folder, "outcomes.pickle"), "wb") as file:
        pickle.dump({name: tuple(each) for name, each in outcomes.items()}, file)


if __name__ == "__main__":
    split()
    if len(sys.argv) > 1:
        train(sys.argv[1])
    else:
        overflown, scaled = step(c.Trainer(precision="mixed_float16", optimizer="sgd"), (1.0, np.inf))
        clipped, _ = step(c.Trainer(optimizer="sgd", learning_rate=1.0, global_clipnorm=0.5), (3.0, 1.0))
        distribution.gpus = lambda: ["CPU:1"]
        for trainer in (c.Trainer(prefetch_to_device=True), c.Trainer()):
            for values in ([1.0], ["text"]):
                batches = distribution.at_hand(tf.data.Dataset.from_tensors({"x": values}), trainer)
                print(next(iter(batches))["x"].device[-5:])
        print(overflown, float(scaled.dynamic_scale.numpy()) / scaled.initial_scale, clipped)
