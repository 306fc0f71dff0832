"""Decoding, against Pillow where it does the same, and on images of every format."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image as Pillow

from pipeline.config.images import Image
from pipeline.ml.images import decode


def encoded(pixels: np.ndarray, form: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, form, **options)
    return buffer.getvalue()


def photo(height: int, width: int) -> np.ndarray:
    """Smooth colours, uint8 [height, width, 3]."""
    down, right = np.mgrid[0:height, 0:width]
    planes = [128 + 100 * np.sin(down / 7), 128 + 100 * np.cos(right / 9), (down + right) % 256]
    return np.stack(planes, axis=-1).astype(np.uint8)


def decoded(data: bytes, **changes) -> np.ndarray:
    return decode.decode(tf.constant(data), Image(**{"height": 32, "width": 48, **changes})).numpy()


def test_an_image_of_the_right_size_comes_as_it_is():
    pixels = photo(32, 48)
    for fit in ("stretch", "crop", "pad"):
        assert (decoded(encoded(pixels), fit=fit) == pixels).all()


@pytest.mark.parametrize("form", ["PNG", "GIF", "BMP", "JPEG"])
def test_formats(form):
    pixels = photo(32, 48)
    options = {"quality": 95, "subsampling": 0} if form == "JPEG" else {}
    got = decoded(encoded(pixels, form, **options))
    lossy = {"JPEG": 3, "GIF": 20}.get(form, 0)
    assert got.dtype == np.uint8
    assert np.abs(got.astype(int) - pixels).mean() <= lossy
    grey = np.asarray(Pillow.fromarray(pixels).convert("L"))[..., None].astype(int)
    for fit in ("stretch", "crop"):
        assert np.abs(decoded(encoded(pixels, form, **options), channels=1, fit=fit) - grey).mean() <= max(1, lossy)


def test_channels_are_made_equal():
    grey, alpha = photo(32, 48)[..., 0], np.dstack([photo(32, 48), np.full((32, 48), 7, np.uint8)])
    deep = Pillow.fromarray(grey.astype(np.uint16) * 256)
    buffer = io.BytesIO()
    deep.save(buffer, "PNG")
    for data in (encoded(grey), buffer.getvalue()):
        assert (decoded(data) == grey[..., None]).all()
        assert (decoded(data, channels=1) == grey[..., None]).all()
    assert (decoded(encoded(alpha)) == alpha[..., :3]).all()


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_one_batch_takes_all_sizes_and_channels(fit):
    modes = [encoded(np.asarray(Pillow.fromarray(photo(9, 9)).convert(mode))) for mode in ("L", "LA", "RGB", "RGBA")]
    files = [*modes, encoded(np.full((1, 1), 90, np.uint8)), encoded(np.full((8000, 8000), 90, np.uint8))]
    batch = decode.decode_batch(tf.constant(files), Image(height=4, width=4, fit=fit)).numpy()
    assert (batch.shape, batch.dtype) == ((6, 4, 4, 3), np.uint8)
    assert (batch[4:] == 90).all()


@pytest.mark.parametrize("resize", ["bilinear", "bicubic", "nearest", "area"])
@pytest.mark.parametrize("size", [(20, 30), (32, 20), (90, 30), (20, 90), (100, 90)])
def test_resizing_is_tensorflow_s_whether_images_grow_or_shrink(size, resize):
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    wanted = np.clip(tf.image.resize(pixels, [32, 48], resize, antialias=True), 0, 255)
    # Halves are rounded either way: the last bit before them depends on the kernel.
    assert np.abs(decoded(encoded(pixels), resize=resize) - wanted).max() <= 0.5 + 1e-4


@pytest.mark.parametrize("resize", ["bilinear", "bicubic"])
def test_resizing_with_antialias_equals_pillow(resize):
    pixels = np.random.default_rng(0).integers(0, 256, (100, 90, 3), dtype=np.uint8)
    method = Pillow.Resampling.BILINEAR if resize == "bilinear" else Pillow.Resampling.BICUBIC
    wanted = np.asarray(Pillow.fromarray(pixels).resize((48, 32), method))
    # Pillow rounds between its passes over rows and columns.
    assert np.abs(decoded(encoded(pixels), resize=resize).astype(int) - wanted).max() <= 2
    assert np.abs(decoded(encoded(pixels), resize=resize, antialias=False).astype(int) - wanted).max() > 50


def test_resize_methods_differ():
    data = encoded(photo(100, 90))
    ways = {resize: decoded(data, resize=resize).tobytes() for resize in ("bilinear", "nearest", "bicubic", "area")}
    assert len(set(ways.values())) == 4


@pytest.mark.parametrize("shape", [(200, 60), (60, 200), (1, 1), (33, 48)])
def test_crop_takes_the_middle_and_pad_keeps_all(shape):
    pixels = np.full((*shape, 3), 200, np.uint8)
    assert (decoded(encoded(pixels), fit="crop") == 200).all()
    padded = decoded(encoded(pixels), fit="pad")
    share = min(1, (shape[1] * 32) / (shape[0] * 48), (shape[0] * 48) / (shape[1] * 32))
    assert abs((padded == 200).mean() - share) < 0.05


def test_a_cropped_jpeg_equals_the_middle_of_the_whole():
    pixels = photo(96, 400)
    data = encoded(pixels, "JPEG", quality=95)
    image = Image(height=96, width=96, fit="crop")
    middle = tf.io.decode_jpeg(data, 3).numpy()[:, 152:248].astype(int)
    # Only colours at the edges of the cut differ: those of the pixels beyond it are not known there.
    assert np.abs(decode.decode(tf.constant(data), image).numpy() - middle)[:, 8:-8].max() == 0
    assert decode.middle_window(tf.constant([96, 400]), image).numpy().tolist() == [0, 152, 96, 96]


def test_eagerly_in_a_dataset_and_in_an_exported_model_it_is_the_same(tmp_path):
    image = Image(height=16, width=16, fit="crop")
    data = [encoded(photo(40, 30), "JPEG"), encoded(photo(20, 70)), encoded(photo(16, 16), "BMP")]
    eager = decode.decode_batch(tf.constant(data), image).numpy()
    mapped = tf.data.Dataset.from_tensor_slices(data).batch(3).map(lambda each: decode.decode_batch(each, image))

    module = tf.Module()
    module.decode = tf.function(
        lambda each: decode.decode_batch(each, image), input_signature=[tf.TensorSpec([None], tf.string)]
    )
    tf.saved_model.save(module, str(tmp_path))
    exported = tf.saved_model.load(str(tmp_path)).decode(tf.constant(data))
    assert (next(iter(mapped)).numpy() == eager).all()
    assert (exported.numpy() == eager).all()


@pytest.mark.parametrize("data", [b"", b"no image", encoded(photo(30, 30), "JPEG")[:300]])
def test_what_is_no_image_is_an_error(data):
    with pytest.raises(tf.errors.InvalidArgumentError):
        decoded(data)
