"""Properties of encoded images, held against what TensorFlow decodes."""

from __future__ import annotations

import dataclasses
import random
import re

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from components.images.properties import Properties, measure_all
from tests.components.images.pictures import encoded, photo, png_claiming

RGB = photo(20, 30, seed=0)
DEEP = np.random.default_rng(0).integers(0, 1 << 16, (20, 30), dtype=np.uint16)
GOOD = {
    "jpeg": encoded(RGB, "JPEG"),
    "progressive jpeg": encoded(RGB, "JPEG", progressive=True),
    "grey jpeg": encoded(RGB.convert("L"), "JPEG"),
    "cmyk jpeg": encoded(RGB.convert("CMYK"), "JPEG"),
    "png": encoded(RGB),
    "grey png": encoded(RGB.convert("L")),
    "one bit png": encoded(RGB.convert("1")),
    "rgba png": encoded(RGB.convert("RGBA")),
    "grey and alpha png": encoded(RGB.convert("LA")),
    "palette png": encoded(RGB.quantize(200)),
    "palette and alpha png": encoded(RGB.quantize(200), transparency=0),
    "16-bit grey png": encoded(Image.fromarray(DEEP)),
    "16-bit rgb png": tf.io.encode_png(np.stack([DEEP] * 3, -1)).numpy(),
    "bmp": encoded(RGB, "BMP"),
    "grey bmp": encoded(RGB.convert("L"), "BMP"),
    "rgba bmp": encoded(RGB.convert("RGBA"), "BMP"),
    "gif": encoded(RGB, "GIF"),
    "animated gif": encoded(RGB, "GIF", save_all=True, append_images=[RGB.rotate(180)]),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_measured_is_what_tensorflow_decodes(name: str) -> None:
    stored = tf.io.decode_image(GOOD[name], expand_animations=False).numpy()
    luma = tf.io.decode_image(GOOD[name], 3, expand_animations=False).numpy() @ np.array([0.299, 0.587, 0.114])
    inner = luma[1:-1, 1:-1]
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * inner

    [found] = measure_all([GOOD[name]])

    assert isinstance(found, Properties)
    assert (found.height, found.width, found.channels) == stored.shape
    assert (found.aspect, found.bytes) == (1.5, len(GOOD[name]))
    assert found.brightness == pytest.approx(luma.mean(), abs=0.6)
    assert found.contrast == pytest.approx(luma.std(), abs=0.6)
    assert found.sharpness == pytest.approx(laplacian.var(), rel=0.03)


BAD = {
    "zero": (b"", "there are zero bytes"),
    "text": (b"<html>404</html>", r"a JPEG, PNG, BMP or GIF image, but its first bytes are b'<html>404</h'"),
    "webp": (encoded(RGB, "WEBP"), "but it is WEBP"),
    "tiff": (encoded(RGB, "TIFF"), "but it is TIFF"),
    "cut jpeg": (GOOD["jpeg"][:-200], r"complete JPEG image, but TensorFlow cannot decode its data"),
    "end of a jpeg": (GOOD["jpeg"][:-1] + b"\xdb", r"complete JPEG image, but TensorFlow cannot decode its data"),
    "jpeg's header": (GOOD["jpeg"][:30], "complete JPEG image, but its header is cut off"),
    "cut png": (GOOD["png"][:-20], "complete PNG image, but a checksum is wrong or its end is missing"),
    "changed png": (GOOD["png"].replace(b"IDATx", b"IDATy"), "a checksum is wrong"),
    "cut gif": (GOOD["gif"][:200], "complete GIF"),
    "cut bmp": (GOOD["bmp"][:-100], "complete BMP"),
    "bomb": (png_claiming(50_000, 50_000), "at most 100,000,000 pixels, but the header claims more"),
    "large": (png_claiming(12_000, 10_000), "at most 100,000,000 pixels, but the header claims 12000 x 10000"),
    "1-bit bmp": (encoded(RGB.convert("1"), "BMP"), "8, 24 or 32 bits, .* it has 1 bits"),
    "palette bmp": (encoded(RGB.quantize(200), "BMP"), "BMP without a palette"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_what_cannot_be_used_is_told_in_a_line(name: str) -> None:
    data, told = BAD[name]
    [found] = measure_all([data])
    assert isinstance(found, str)
    assert re.search(told, found), found


def test_the_limit_on_pixels_is_a_parameter() -> None:
    assert measure_all([GOOD["jpeg"]], max_pixels=600) == measure_all([GOOD["jpeg"]])
    assert measure_all([GOOD["jpeg"]], max_pixels=599) == ["expected at most 599 pixels, but the header claims 30 x 20"]


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_one_pixel_and_64_million(format: str) -> None:
    [small] = measure_all([encoded(Image.new("RGB", (1, 1), (90, 90, 90)), format)])
    assert isinstance(small, Properties)
    assert dataclasses.astuple(small) == (1, 1, 3, 1.0, small.bytes, pytest.approx(90, abs=1), 0.0, 0.0)

    quarters = Image.new("RGB", (2, 2))
    quarters.putpixel((0, 0), (255, 255, 255))
    [large] = measure_all([encoded(quarters.resize((8000, 8000), Image.Resampling.NEAREST), format)])
    assert isinstance(large, Properties)
    assert (large.height, large.width, large.brightness) == (8000, 8000, pytest.approx(63.75, abs=0.5))
    assert large.contrast == pytest.approx(255 * (3 / 16) ** 0.5, abs=1)


def test_images_of_many_sizes_keep_their_places() -> None:
    kinds = [encoded(photo(size, 2 * size, seed=size)) for size in (5, 6, 5, 300, 2)] + [b"", GOOD["gif"]]
    many = [kinds[place % len(kinds)] for place in range(200)]
    assert measure_all(many) == [measure_all([each])[0] for each in many]


def test_whatever_is_broken_the_reason_is_text_and_tensorflow_agrees() -> None:
    chance = random.Random(0)
    for name, times in (("jpeg", 600), ("png", 40), ("gif", 40), ("grey bmp", 40), ("rgba bmp", 40)):
        for _ in range(times):
            data = bytearray(GOOD[name])
            if chance.random() < 0.5:
                del data[chance.randrange(len(data)) :]
            else:
                data[chance.randrange(len(data))] = chance.randrange(256)
            if isinstance(measure_all([bytes(data)])[0], Properties):
                tf.io.decode_image(bytes(data), 3, expand_animations=False)
