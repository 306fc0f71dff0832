"""Where Pillow and TensorFlow see different things in an image."""

import numpy as np
from PIL import Image


def eight_bits(image: Image.Image) -> Image.Image:
    """The image, 16-bit grey as its upper byte, which TensorFlow keeps; Pillow cuts it off at 255."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))


def file_format(image: Image.Image) -> str:
    """JPEG, PNG, …; MPO is a JPEG with several pictures in it, of which everyone but Pillow sees the first."""
    return "JPEG" if image.format == "MPO" else str(image.format)
