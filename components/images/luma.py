"""What is seen without colour."""

import numpy as np
from PIL import Image


def luma(image: Image.Image, size: tuple[int, int], filter: Image.Resampling) -> Image.Image:
    """The luma of an opened image (ITU-R BT.601, mode "L", without transparency), resized to (width, height).

    JPEG is scaled while it is decoded, as far as it can be without falling below `size`.

    Raises:
        OSError, ValueError, …: the image's data is cut off or corrupt.
    """
    image.draft("L", size)
    # Pillow cuts 16-bit grey off at 255, TensorFlow keeps the upper byte.
    deep = image.mode.startswith("I")
    grey = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)) if deep else image.convert("L")
    return grey if grey.size == size else grey.resize(size, filter)
