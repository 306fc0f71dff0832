"""Pictures within pages: their size, and that small ones keep every pixel."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from components.report.pictures import SIDE, data_uri
from tests.components.images.pictures import encoded, photo


def opened(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition("base64,")[2])))


def test_large_ones_are_reduced_in_proportion() -> None:
    uri = data_uri(encoded(photo(600, 300, 1)))
    assert uri.startswith("data:image/jpeg;")
    assert max(opened(uri).size) == SIDE
    assert min(opened(uri).size) == SIDE // 2


def test_small_ones_keep_every_pixel() -> None:
    image = photo(12, 12, 1)
    uri = data_uri(encoded(image))
    assert uri.startswith("data:image/png;")
    assert np.array_equal(np.asarray(opened(uri)), np.asarray(image.convert("RGB")))


def test_what_is_no_image_is_refused() -> None:
    with pytest.raises(OSError, match="cannot identify"):
        data_uri(b"no image")
