from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.config.images import Color, Crop, Flip, Image, RandomCrop, Rotation, Shift
from pipeline.ml.images import layers

AUGMENTATIONS = [Flip(vertical=True), Shift(), Crop(), Rotation(), Color(hue=0.1)]


def model(channels: int, *augment, **fields) -> keras.Model:
    image = Image(height=16, width=12, channels=channels, augment=augment, **fields)
    pixels = keras.Input((16, 12, channels), dtype="uint8")
    return keras.Model(pixels, layers.normalised(layers.augmented(pixels, image, "x"), image, "x"))


def pixels(channels: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (8, 16, 12, channels), dtype=np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("augmentation", AUGMENTATIONS, ids=lambda each: each.kind)
def test_augmentation_acts_in_training_only(augmentation, channels):
    made, batch = model(channels, augmentation), pixels(channels)
    np.testing.assert_allclose(made(batch, training=False), batch / 255, atol=1e-6)
    one, two = (np.asarray(made(batch, training=True)) for _ in range(2))
    assert one.shape == batch.shape
    assert (one != two).any()
    assert np.abs(one - batch / 255).max() > 0.01
    assert one.min() >= -1e-6
    assert one.max() <= 1 + 1e-6


def test_what_was_done_while_decoding_is_not_done_again():
    batch = pixels(3)
    for augment in ((RandomCrop(),), (RandomCrop(), Flip())):
        np.testing.assert_allclose(model(3, *augment)(batch, training=True), batch / 255, atol=1e-6)
    assert (np.asarray(model(3, RandomCrop(), Flip(), Flip(vertical=True))(batch, training=True)) != batch / 255).any()


def test_normalisation_is_per_channel():
    made = model(3, mean=(0.5, 0.0, 1.0), deviation=(0.25, 1.0, 0.5))
    batch = pixels(3)
    wanted = (batch / 255 - [0.5, 0.0, 1.0]) / [0.25, 1.0, 0.5]
    np.testing.assert_allclose(made(batch), wanted, atol=1e-5)


def test_a_mean_per_channel_needs_as_many_numbers():
    with pytest.raises(Exception, match=r"mean takes one number, or one per channel \(1\)"):
        Image(height=1, width=1, channels=1, mean=(0.5, 0.5, 0.5))


def test_an_augmented_model_can_be_exported(tmp_path):
    made, batch = model(3, *AUGMENTATIONS), pixels(3)
    module = tf.Module()
    module.model = made
    module.call = tf.function(
        lambda images: made(images, training=False), input_signature=[tf.TensorSpec([None, 16, 12, 3], tf.uint8)]
    )
    tf.saved_model.save(module, str(tmp_path))
    np.testing.assert_allclose(tf.saved_model.load(str(tmp_path)).call(batch), batch / 255, atol=1e-6)
    assert any("seed" in each.path for each in made.variables), "checkpoints hold the state of random numbers"


@pytest.mark.parametrize(
    ("augment", "dtype"),
    [((Flip(), Crop()), "uint8"), ((Flip(), Color()), "float32"), ((Color(), Flip()), "float32")],
    ids=["moved", "moved and coloured", "coloured and moved"],
)
def test_pixels_stay_bytes_as_long_as_they_are_only_moved(augment, dtype):
    image, batch = Image(height=16, width=12, channels=3, augment=augment), keras.Input((16, 12, 3), dtype="uint8")
    varied = layers.augmented(batch, image, "x")
    made = keras.Model(batch, [varied, layers.floats(varied, "x")])
    for training in (True, False):
        kept, floats = made(pixels(3), training=training)
        assert (kept.dtype, floats.dtype) == (dtype, "float32")
        np.testing.assert_array_equal(kept, floats)
