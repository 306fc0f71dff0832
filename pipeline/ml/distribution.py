"""On which devices a model trains.

With several GPUs, MirroredStrategy gives each an equal share of every batch, and all take the same step by the sum of
their gradients: `batch_size` and the learning rate mean what they mean on one. What differs from one: batch
normalisation goes by each GPU's share, and where a last, smaller batch cannot be shared equally, the examples of
the smaller share weigh more (trainer.drop_remainder leaves it out).
"""

from __future__ import annotations

import functools

import tensorflow as tf

from pipeline.config.trainer import Trainer

_AHEAD = 2
"""Batches in the GPU's memory besides that of the step."""


def strategy(trainer: Trainer) -> tf.distribute.Strategy:
    """All visible GPUs where there are several and the config lets them; else the one device that TensorFlow takes.

    Raises:
        ConfigError: the GPUs cannot share the training.
    """
    devices = gpus() if trainer.distribute else []
    if len(devices) < 2:
        return tf.distribute.get_strategy()
    trainer.check_shared_by(len(devices))
    return _mirrored(tuple(devices))


def at_hand(batches: tf.data.Dataset, trainer: Trainer) -> tf.data.Dataset:
    """Batches that are on the device when the step wants them, where the config asks for it.

    Several GPUs get theirs so from MirroredStrategy. Text stays, as no GPU holds any.
    """
    devices = gpus()
    numbers = all(spec.dtype != tf.string for spec in tf.nest.flatten(batches.element_spec))
    if not trainer.prefetch_to_device or len(devices) != 1 or not numbers:
        return batches
    return batches.apply(tf.data.experimental.prefetch_to_device(devices[0], _AHEAD))


@functools.cache
def _mirrored(devices: tuple[str, ...]) -> tf.distribute.Strategy:
    """Once a process: a second one counts its reductions from the start, and takes those of the first for its own."""
    return tf.distribute.MirroredStrategy(list(devices))


def gpus() -> list[str]:
    """The names of the GPUs that this process sees."""
    return [device.name for device in tf.config.list_logical_devices("GPU")]
