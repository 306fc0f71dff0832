"""Pictures in pages, as data within the page."""

import base64
import io

from PIL import Image

from components.images.pillow import eight_bits

SIDE = 128
"""Pixels of the longer side at most; some 5 KB each."""
_LOSSLESS_SIDE = 48


def data_uri(encoded: bytes) -> str:
    """An encoded image, reduced; small ones keep every pixel.

    Raises:
        OSError, ValueError, …: it is no image.
    """
    image: Image.Image = Image.open(io.BytesIO(encoded))
    image.draft("RGB", (SIDE, SIDE))
    image = eight_bits(image).convert("RGB")
    image.thumbnail((SIDE, SIDE))
    sink = io.BytesIO()
    form = "PNG" if max(image.size) <= _LOSSLESS_SIDE else "JPEG"
    image.save(sink, form)
    return f"data:image/{form.lower()};base64,{base64.b64encode(sink.getvalue()).decode()}"
