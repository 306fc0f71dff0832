"""Trainings of small pictures through the loop, without files, Transform and export."""

from __future__ import annotations

from typing import Any, Optional

import keras
import numpy as np
import tensorflow as tf

import pipeline.config as c
from pipeline.config.networks import AnyModel
from pipeline.config.settings import TrainerSettings
from pipeline.ml import prepared
from pipeline.ml.heads import Head
from pipeline.ml.inputs import ModelInput
from pipeline.ml.loop import Loop

IMAGE = c.Image(height=8, width=8, channels=1, mean=(0.5,), deviation=(0.5,))
PICTURES, BATCH = 18, 4


class Columns:
    """A Source of these features and labels."""

    def __init__(self, features: dict[str, np.ndarray], labels: dict[str, np.ndarray], batch_size: int) -> None:
        self.features, self.labels, self.batch_size = features, labels, batch_size
        self.rows = len(next(iter(labels.values())))
        self.steps = -(-self.rows // batch_size)

    def epoch(self, number: int, skip: int = 0) -> tf.data.Dataset:
        order = np.random.default_rng(number).permutation(self.rows)
        taken = tuple({name: array[order] for name, array in part.items()} for part in (self.features, self.labels))
        return tf.data.Dataset.from_tensor_slices(taken).batch(self.batch_size).skip(skip)


def pictures(batch_size: int) -> Columns:
    """Noise whose brightness is its class."""
    labels = np.arange(PICTURES)[:, None] % 2
    noise = np.random.default_rng(0).integers(0, 128, (PICTURES, 8, 8, 1))
    pixels = (noise + 60 * labels[:, :, None, None]).astype(np.uint8)
    return Columns({"image": pixels}, {"kind": labels}, batch_size)


def settings_of(trainer: c.Trainer, model: Optional[AnyModel] = None, image: c.Image = IMAGE) -> TrainerSettings:
    head = c.Head(label="kind", task="multiclass", classes=("dark", "bright"))
    return TrainerSettings(features=(image,), heads=(head,), model=model or c.CNN(filters=(4,)), trainer=trainer)


def data_of(settings: TrainerSettings) -> prepared.Data:
    (head,), (image,) = settings.heads, settings.features
    assert isinstance(image, c.Image)
    inputs = (ModelInput("image", shape=(image.height, image.width, image.channels), image=image),)
    source = pictures(settings.trainer.batch_size)
    transform: Any = None
    return prepared.Data(transform, (Head(head, head.classes),), inputs, source, source)


def loop_of(folder: str, settings: TrainerSettings, data: prepared.Data) -> Loop:
    """The training of a fresh model; checkpoints are in `folder`."""
    keras.utils.clear_session()
    model = prepared.model(settings, data, None)
    return Loop(model=model, data=data, settings=settings, checkpoints=folder, key="key")


def train(folder: str, settings: TrainerSettings) -> tuple[keras.Model, list[dict[str, float]]]:
    """The trained model and its history."""
    loop = loop_of(folder, settings, data_of(settings))
    return loop.model, loop.run().rows


def trainer(**fields: Any) -> c.Trainer:
    return c.Trainer(**{"epochs": 2, "batch_size": BATCH, "tensorboard": False, "learning_rate": 0.05, **fields})
