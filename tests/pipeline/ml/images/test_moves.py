from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from pipeline.ml.images import moves

IMAGES = np.random.default_rng(0).integers(1, 256, (400, 6, 5, 3), dtype=np.uint8)


@pytest.mark.parametrize(("way", "axis"), [("horizontal", 2), ("vertical", 1)])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_half_of_the_images_are_mirrored(way, axis, channels, dtype):
    images = IMAGES[..., :channels].astype(dtype)
    moved = moves.Mirrored(way, "flip")(images, training=True).numpy()
    assert moved.dtype == dtype
    mirrored = [np.array_equal(*pair) for pair in zip(moved, np.flip(images, axis), strict=True)]
    same = [np.array_equal(*pair) for pair in zip(moved, images, strict=True)]
    assert np.logical_xor(mirrored, same).all()
    assert 150 < sum(mirrored) < 250


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_each_image_is_padded_and_cut_out_somewhere_else(dtype):
    images = IMAGES.astype(dtype)
    moved = moves.Cut(2, "crop")(images).numpy()
    assert moved.dtype == dtype
    padded = np.pad(images, [(0, 0), (2, 2), (2, 2), (0, 0)])
    windows = {(top, left): padded[:, top : top + 6, left : left + 5] for top in range(5) for left in range(5)}
    places = [
        next(place for place, window in windows.items() if np.array_equal(window[number], moved[number]))
        for number in range(len(images))
    ]
    counts = np.array([places.count(place) for place in windows])
    # 16 of each are expected: chi-square over 25 places is above 52 once in a thousand times.
    assert ((counts - 16) ** 2 / 16).sum() < 60


def test_xla_can_compile_them():
    mirrored, cut = moves.Mirrored("horizontal", "flip"), moves.Cut(4, "crop")
    compiled = tf.function(lambda images: cut(mirrored(images, training=True)), jit_compile=True)
    assert compiled(IMAGES).shape == IMAGES.shape
