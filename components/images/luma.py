"""What is seen without colour."""

import tensorflow as tf
from PIL import Image

from components.images.pillow import eight_bits

_RATIOS = (8, 4, 2)


def luma(image: Image.Image, size: tuple[int, int], filter: Image.Resampling) -> Image.Image:
    """The luma of an opened image (ITU-R BT.601, mode "L", without transparency), resized to (width, height).

    JPEG is scaled while it is decoded, as far as it can be without falling below `size`.

    Raises:
        OSError, ValueError, …: the image's data is cut off or corrupt.
    """
    image.draft("L", size)
    grey = eight_bits(image).convert("L")
    return grey if grey.size == size else grey.resize(size, filter)


def jpeg_luma(encoded: bytes, image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The same by the decoder that training uses, of an opened JPEG, averaged over areas to (width, height).

    Of one changed byte in a JPEG Pillow decodes what TensorFlow refuses about once in a thousand times.

    Raises:
        tf.errors.InvalidArgumentError: the image's data is cut off or corrupt.
    """
    width, height = image.size
    ratio = next((each for each in _RATIOS if width >= each * size[0] and height >= each * size[1]), 1)
    # TensorFlow has no grey of CMYK.
    colours = 3 if image.mode == "CMYK" else 1
    pixels = tf.io.decode_jpeg(encoded, channels=colours, ratio=ratio).numpy()
    grey = Image.fromarray(pixels).convert("L") if colours == 3 else Image.fromarray(pixels[..., 0])
    return grey if grey.size == size else grey.resize(size, Image.Resampling.BOX)
