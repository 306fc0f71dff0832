"""Training on images, through Transform's own outputs: what travels, what is drawn, and going on where it stood."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft

import pipeline.config as c
from pipeline.config.settings import TrainerSettings
from pipeline.ml import batches, training
from pipeline.ml.datasets import Source, files_of
from pipeline.ml.heads import heads_of
from pipeline.ml.inputs import model_inputs
from tests.pipeline.ml import user_code
from tests.pipeline.ml.images.test_decode import encoded, photo
from tests.pipeline.ml.test_training import CODE, assert_same_training, fast, history  # noqa: F401
from tests.pipeline.ml.transformed import Transformed, schema_of

ROWS, BATCH = 20, 4
IMAGE = c.Image(height=8, width=8)
VARIED = IMAGE.model_copy(
    update={"augment": (c.RandomCrop(scale=(0.2, 1.0)), c.Flip()), "mix": (c.MixUp(), c.CutMix())}
)
HEAD = c.Head(label="kind", task="multiclass", classes=("light", "dark"), label_smoothing=0.1)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Transformed:
    """Twenty JPEGs of two kinds, each of a size and a brightness of its own."""
    rows: list[dict[str, Any]] = []
    for number in range(ROWS):
        pixels = photo(12 + number, 16) // (1 + number % 2)
        rows.append({"image/encoded": encoded(pixels, "JPEG"), "kind": ("light", "dark")[number % 2]})
    settings = TrainerSettings(features=(IMAGE,), heads=(HEAD,), model=c.CNN(filters=(4,)))
    schema = schema_of({"image/encoded": "BYTES", "kind": "BYTES"})
    return Transformed(str(tmp_path_factory.mktemp("images")), {"train": rows, "eval": rows}, schema, settings)


def settings_of(images: Transformed, image: c.Image, **trainer: Any) -> TrainerSettings:
    made = c.Trainer(**{"epochs": 3, "batch_size": BATCH, "tensorboard": False, **trainer})
    return images.settings.model_copy(update={"features": (image,), "trainer": made})


def source(images: Transformed, split: str, image: c.Image, cache: bool) -> Source:
    settings = settings_of(images, image, cache=cache)
    transform = tft.TFTransformOutput(images.graph)
    inputs = model_inputs(settings, transform)
    heads = heads_of(settings.heads, transform, mixed=bool(image.mix))
    return batches.source(files_of([images.files[split]], split), split, settings.trainer, inputs, heads, transform)


def pixels_of(source: Source, epoch: int, skip: int = 0) -> list[np.ndarray]:
    return [batch[0]["image_encoded"] for batch in source.epoch(epoch, skip).as_numpy_iterator()]


@pytest.mark.parametrize("cache", [True, False], ids=["in memory", "streamed"])
def test_images_travel_as_bytes_of_pixels_and_are_fetched_ahead(images, cache):
    for image in (IMAGE, VARIED):
        made = source(images, "train", image, cache).epoch(0)
        spec = made.element_spec[0]["image_encoded"]
        assert (spec.dtype, spec.shape[1:]) == (tf.uint8, (8, 8, 3))
        assert "Prefetch" in type(made).__name__


@pytest.mark.parametrize("cache", [True, False], ids=["in memory", "streamed"])
def test_random_parts_and_mixes_are_the_same_for_whoever_goes_on(images, cache):
    made = source(images, "train", VARIED, cache)
    whole = list(made.epoch(2).as_numpy_iterator())
    again = list(source(images, "train", VARIED, cache).epoch(2, skip=2).as_numpy_iterator())
    for one, other in zip(whole[2:], again, strict=True):
        np.testing.assert_array_equal(one[0]["image_encoded"], other[0]["image_encoded"])
        np.testing.assert_array_equal(one[1]["kind"], other[1]["kind"])
    seen = {each.tobytes() for epoch in range(4) for batch in pixels_of(made, epoch) for each in batch}
    assert len(seen) > 3 * ROWS


@pytest.mark.parametrize("cache", [True, False], ids=["in memory", "streamed"])
def test_evaluation_sees_images_as_they_are(images, cache):
    plain, varied = (source(images, "eval", image, cache) for image in (IMAGE, VARIED))
    for one, other in zip(plain.epoch(0), varied.epoch(0), strict=True):
        np.testing.assert_array_equal(one[0]["image_encoded"], other[0]["image_encoded"])
        np.testing.assert_array_equal(one[1]["kind"], other[1]["kind"])
        assert set(np.unique(other[1]["kind"])) == {0, 1}


@pytest.mark.usefixtures("fast")
def test_a_killed_training_on_varied_images_goes_on_as_if_nothing_had_happened(images, tmp_path, monkeypatch):
    monkeypatch.setattr(user_code.KillAt.__init__, "__defaults__", (3,))
    settings = settings_of(images, VARIED, epochs=1, cache=False, checkpoint_steps=2, callbacks=(CODE + "KillAt",))
    for folder, spared in (("whole", True), ("killed", False), ("killed", True)):
        monkeypatch.setattr(user_code.KillAt, "spared", spared)
        arguments = images.fn_args(str(tmp_path / folder), settings)
        if folder == "killed" and not spared:
            with pytest.raises(user_code.Killed):
                training.run_fn(arguments)
            assert len(os.listdir(tmp_path / "killed/checkpoints")) == 1
        else:
            training.run_fn(arguments)
    assert_same_training(str(tmp_path / "whole"), str(tmp_path / "killed"))
    assert {"accuracy", "val_accuracy", "val_loss"} <= set(history(str(tmp_path / "whole"))[0])
