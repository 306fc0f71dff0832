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


class Pictures:
    """A Source of noise whose brightness is its class."""

    def __init__(self, batch_size: int) -> None:
        random = np.random.default_rng(0)
        self.labels = np.arange(PICTURES)[:, None] % 2
        noise = random.integers(0, 128, (PICTURES, 8, 8, 1))
        self.pixels = (noise + 60 * self.labels[:, :, None, None]).astype(np.uint8)
        self.batch_size = batch_size
        self.steps = -(-PICTURES // batch_size)

    def epoch(self, number: int, skip: int = 0) -> tf.data.Dataset:
        order = np.random.default_rng(number).permutation(PICTURES)
        columns = {"image": self.pixels[order]}, {"kind": self.labels[order]}
        return tf.data.Dataset.from_tensor_slices(columns).batch(self.batch_size).skip(skip)


def settings_of(trainer: c.Trainer, model: Optional[AnyModel] = None, image: c.Image = IMAGE) -> TrainerSettings:
    head = c.Head(label="kind", task="multiclass", classes=("dark", "bright"))
    return TrainerSettings(features=(image,), heads=(head,), model=model or c.CNN(filters=(4,)), trainer=trainer)


def data_of(settings: TrainerSettings) -> prepared.Data:
    (head,), (image,) = settings.heads, settings.features
    assert isinstance(image, c.Image)
    inputs = (ModelInput("image", shape=(image.height, image.width, image.channels), image=image),)
    pictures = Pictures(settings.trainer.batch_size)
    transform: Any = None
    return prepared.Data(transform, (Head(head, head.classes),), inputs, pictures, pictures)


def train(folder: str, settings: TrainerSettings) -> tuple[keras.Model, list[dict[str, float]]]:
    """The trained model and its history; checkpoints are in `folder`."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(settings.trainer.seed)
    data = data_of(settings)
    model = prepared.model(settings, data, None)
    rows = Loop(model, data.heads, data.train, data.evaluation, settings, folder, "key", "").run()
    return model, rows


def trainer(**fields: Any) -> c.Trainer:
    return c.Trainer(**{"epochs": 2, "batch_size": BATCH, "tensorboard": False, "learning_rate": 0.05, **fields})
