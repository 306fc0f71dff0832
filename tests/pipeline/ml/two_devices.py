"""Trainings on two devices, in a process of their own: python -m tests.pipeline.ml.two_devices [ARGUMENTS.pickle]"""

from __future__ import annotations

import pickle
import sys

import keras
import numpy as np
import tensorflow as tf

import pipeline.config as c
from pipeline.ml import distribution, optimizers, training
from tests.pipeline.ml.user_code import Killed


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


def train(path: str) -> None:
    """Train by the pickled arguments, and say how each went."""
    with open(path, "rb") as file:
        for fn_args in pickle.load(file):
            try:
                training.run_fn(fn_args)
                print("trained")
            except Killed:
                print("killed")


if __name__ == "__main__":
    split()
    if len(sys.argv) > 1:
        train(sys.argv[1])
    else:
        overflown, scaled = step(c.Trainer(precision="mixed_float16", optimizer="sgd"), (1.0, np.inf))
        clipped, _ = step(c.Trainer(optimizer="sgd", learning_rate=1.0, global_clipnorm=0.5), (3.0, 1.0))
        print(overflown, float(scaled.dynamic_scale.numpy()) / scaled.initial_scale, clipped)
