"""Random parts of images: where they lie, what they show, and that a seed gives one of them."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import pipeline.config as c
from components.errors import ConfigError
from pipeline.ml.images import crops, decode
from tests.pipeline.ml.images.test_decode import encoded, photo

SHAPE = tf.constant([120, 160])


def parts(data: list[bytes], image: c.Image, seed: int) -> np.ndarray:
    """A part of each, by seeds as a dataset gives them."""
    seeds = tf.random.experimental.stateless_split(tf.constant([7, seed], tf.int64), len(data))
    both = zip(data, seeds, strict=True)
    return np.stack([crops.decode(tf.constant(each), image, image.random_crop, own).numpy() for each, own in both])


def windows(crop: c.RandomCrop, count: int = 200) -> np.ndarray:
    seeds = tf.random.experimental.stateless_split(tf.constant([1, 2], tf.int64), count)
    return np.array([crops.random_window(SHAPE, crop, seed).numpy() for seed in seeds])


def test_windows_lie_inside_and_have_the_scale_and_aspect_that_is_asked_for():
    crop = c.RandomCrop(scale=(0.2, 0.5), aspect=(0.5, 2.0))
    top, left, height, width = windows(crop).T
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + height <= 120).all()
    assert (left + width <= 160).all()
    share = height * width / (120 * 160)
    assert 0.19 < share.min() < 0.25
    assert 0.42 < share.max() < 0.51
    # Sides are whole pixels.
    assert 0.48 < (width / height).min() < 0.7
    assert 1.5 < (width / height).max() < 2.1
    assert len(np.unique(top)) > 20
    assert len(np.unique(left)) > 20


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_images_are_cut_each_by_its_seed(form):
    image = c.Image(height=16, width=16, augment=(c.RandomCrop(scale=(0.2, 0.6)),))
    data = [encoded(photo(60, 90), form)] * 6
    once = parts(data, image, 1)
    assert once.shape == (6, 16, 16, 3)
    assert once.dtype == np.uint8
    assert len({each.tobytes() for each in once}) == 6
    assert (once == parts(data, image, 1)).all()
    assert (once != parts(data, image, 2)).any()


def test_a_part_shows_what_its_window_holds():
    """An image of 60x90 whose upper left third of each side is white: a part's brightness tells where it was."""
    pixels = np.zeros((60, 90, 3), np.uint8)
    pixels[:20, :30] = 255
    image = c.Image(height=8, width=8, augment=(c.RandomCrop(scale=(0.1, 0.3)),))
    seeds = tf.random.experimental.stateless_split(tf.constant([7, 3], tf.int64), 20)
    for part, own in zip(parts([encoded(pixels)] * 20, image, 3), seeds, strict=True):
        top, left, height, width = crops.random_window(tf.constant([60, 90]), image.random_crop, own).numpy()
        white = max(0, 20 - top) * max(0, 30 - left) / (height * width)
        assert part.mean() / 255 == pytest.approx(min(white, 1), abs=0.06)


@pytest.mark.parametrize("ways", [{}, {"vertical": True}, {"horizontal": False, "vertical": True}])
def test_a_flip_right_after_it_mirrors_half_of_the_parts_each_way(ways):
    """The whole image is white at the upper left, so that where the white is tells how it was mirrored."""
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:4, :4] = 255
    flip = c.Flip(**ways)
    image = c.Image(height=8, width=8, augment=(c.RandomCrop(scale=(1.0, 1.0), aspect=(1.0, 1.0)), flip, c.Color()))
    whites = parts([encoded(pixels)] * 200, image, 5)[:, 1::4, 1::4, 0] == 255
    counts = whites.sum(axis=0)
    assert counts.sum() == 200
    corners = 2 ** (flip.horizontal + flip.vertical)
    even = 200 / corners
    assert ((counts == 0) | (abs(counts - even) < 0.35 * even)).all()
    assert (counts > 0).sum() == corners


def test_a_flip_elsewhere_is_left_to_the_network():
    assert c.Image(height=8, width=8, augment=(c.Flip(),)).flip_of_crop is None
    assert c.Image(height=8, width=8, augment=(c.RandomCrop(), c.Color(), c.Flip())).flip_of_crop is None


def test_of_a_jpeg_only_the_part_is_decoded():
    image = c.Image(height=8, width=8, augment=(c.RandomCrop(),))
    graph = tf.function(
        lambda data, seed: crops.decode(data, image, image.random_crop, seed),
        input_signature=[tf.TensorSpec([], tf.string), tf.TensorSpec([2], tf.int64)],
    ).get_concrete_function()
    library = graph.graph.as_graph_def().library.function
    jpeg = [function for function in library if any(node.op == "DecodeAndCropJpeg" for node in function.node_def)]
    assert jpeg
    assert not any(node.op in ("DecodeJpeg", "DecodeImage") for function in jpeg for node in function.node_def)


@pytest.mark.parametrize("size", [(1, 1), (3, 400)])
def test_images_that_have_no_such_part_are_taken_whole(size):
    image = c.Image(height=8, width=8, channels=1, augment=(c.RandomCrop(scale=(0.9, 1.0)),))
    assert (parts([encoded(np.full((*size, 3), 200, np.uint8))], image, 1) == 200).all()


def test_a_share_of_the_middle_is_what_resizing_and_cutting_out_gives():
    down, right = np.mgrid[0:300, 0:450]
    pixels = np.stack([down * 0.8, right * 0.5, (down + right) / 3], axis=-1).astype(np.uint8)
    image = c.Image(height=56, width=56, fit="crop", share=56 / 64)
    wanted = tf.image.resize(pixels, [64, 96], antialias=True).numpy()[4:60, 20:76]
    got = decode.decode(tf.constant(encoded(pixels)), image).numpy()
    assert np.abs(got - wanted).max() < 2
    whole = decode.decode(tf.constant(encoded(pixels)), image.model_copy(update={"share": 1.0})).numpy()
    assert np.abs(whole - wanted).max() > 10


def test_what_cannot_be_cut_is_refused():
    with pytest.raises(ConfigError, match="RandomCrop is done while decoding, so it must come first"):
        c.Image(height=8, width=8, augment=(c.Flip(), c.RandomCrop()))
    with pytest.raises(ConfigError, match="scale must be two rising numbers above 0 of at most 1"):
        c.RandomCrop(scale=(0.5, 1.5))
    with pytest.raises(ConfigError, match="aspect must be two rising numbers above 0. Received: \\(2.0, 1.0\\)"):
        c.RandomCrop(aspect=(2.0, 1.0))
    with pytest.raises(ConfigError, match='share is for fit="crop"'):
        c.Image(height=8, width=8, share=0.9)
