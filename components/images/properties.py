"""The properties of an encoded image, or why it cannot be used.

An image is good here if `tf.io.decode_image(..., channels=3, expand_animations=False)` decodes it to what it shows.
"""

import dataclasses
import io
import struct
import zlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Optional, Union

import numpy as np
import tensorflow as tf
from PIL import Image

from components.images.luma import jpeg_luma, luma
from components.images.pillow import file_format

MAX_PIXELS = 100_000_000
"""Pillow itself refuses more than 178,956,970."""
_LONGER_SIDE = 112
"""Half of 224: a JPEG of that size or more is decoded at a half or less of its size, which is quicker."""
_TOGETHER = 64
_PIXELS_TOGETHER = 1 << 17  # what stays in a processor's cache
_FORMATS = ("JPEG", "PNG", "BMP", "GIF")
_SIGNATURES = {b"\xff\xd8\xff": "JPEG", b"\x89PNG": "PNG", b"BM": "BMP", b"GIF8": "GIF"}
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
# Pillow's words for what it cannot read come in all of these.
_UNREADABLE = (OSError, SyntaxError, ValueError, struct.error, zlib.error, EOFError, IndexError, KeyError)


@dataclasses.dataclass(frozen=True)
class Properties:
    """What is derived from one image; an animation is its first frame.

    Brightness, contrast and sharpness are those of the luma (ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B, 0 to 255;
    transparency is ignored), averaged over areas to at most 112 pixels on the longer side, so that they compare
    between image sizes and cost the same for all.
    """

    height: int
    width: int
    channels: int
    """What the file stores, as TensorFlow counts: palettes, GIF and CMYK are 3, or 4 for a palette with alpha."""
    aspect: float
    """Width / height."""
    bytes: float
    brightness: float
    """Mean of the luma."""
    contrast: float
    """Standard deviation of the luma (RMS contrast; Peli, 1990, Contrast in Complex Images)."""
    sharpness: float
    """Variance of the luma's Laplacian, 4-neighbour kernel, inner pixels (LAPV; Pertuz et al., 2013, Analysis of
    Focus Measure Operators for Shape-from-Focus). 0 below 3x3 pixels."""


def problem(encoded: bytes) -> Optional[str]:
    """Why an image cannot be used, in one line; None for a good one. Takes less than measuring it."""
    found = _decoded(encoded, MAX_PIXELS)
    return found if isinstance(found, str) else None


def measure_all(encoded: Sequence[bytes], max_pixels: int = MAX_PIXELS) -> list[Union[Properties, str]]:
    """The properties of each image, or one line on what was expected and what it is instead.

    Small images of one size are done together, which is faster.
    """
    found: list[Union[Properties, str]] = []
    for start in range(0, len(encoded), _TOGETHER):
        found += _measure([_decoded(each, max_pixels) for each in encoded[start : start + _TOGETHER]])
    return found


@dataclasses.dataclass(frozen=True)
class _Decoded:
    height: int
    width: int
    channels: int
    bytes: int
    luma: Image.Image
    """Reduced."""


def _measure(images: Sequence[Union[_Decoded, str]]) -> list[Union[Properties, str]]:
    found: dict[int, Union[Properties, str]] = {}
    by_size: dict[tuple[int, int], list[tuple[int, _Decoded]]] = defaultdict(list)
    for index, image in enumerate(images):
        if isinstance(image, str):
            found[index] = image
        else:
            by_size[image.luma.size].append((index, image))
    for (width, height), same in by_size.items():
        pixels = np.frombuffer(b"".join(image.luma.tobytes() for _, image in same), np.uint8)
        pixels = pixels.reshape(len(same), height, width)
        step = max(1, _PIXELS_TOGETHER // (height * width))
        numbers = np.concatenate([_statistics(pixels[at : at + step]) for at in range(0, len(same), step)]).tolist()
        for (index, image), (brightness, contrast, sharpness) in zip(same, numbers, strict=True):
            found[index] = Properties(
                image.height,
                image.width,
                image.channels,
                image.width / image.height,
                image.bytes,
                brightness,
                contrast,
                sharpness,
            )
    return [found[index] for index in range(len(images))]


def _statistics(pixels: np.ndarray) -> np.ndarray:
    """Brightness, contrast and sharpness of each of the lumas [n, height, width], as [n, 3]."""
    result = np.zeros((len(pixels), 3))
    result[:, 0], variance = _moments(pixels)
    result[:, 1] = np.sqrt(variance)
    if min(pixels.shape[1:]) >= 3:
        pixels = pixels.astype(np.int16)
        laplacian = pixels[:, :-2, 1:-1] + pixels[:, 2:, 1:-1]
        laplacian += pixels[:, 1:-1, :-2]
        laplacian += pixels[:, 1:-1, 2:]
        laplacian -= 4 * pixels[:, 1:-1, 1:-1]
        result[:, 2] = _moments(laplacian)[1]
    return result


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each image; several times faster than mean() and var() on integers."""
    flat = values.reshape(len(values), -1).astype(np.float32)
    mean = flat.mean(axis=1)
    flat -= mean[:, None]
    np.square(flat, out=flat)
    return mean, flat.mean(axis=1)


def _decoded(encoded: bytes, max_pixels: int) -> Union[_Decoded, str]:
    if not encoded:
        return "expected an image, but there are zero bytes"
    try:
        image = Image.open(io.BytesIO(encoded), formats=_FORMATS)
    except Image.DecompressionBombError:
        return f"expected at most {max_pixels:,} pixels, but the header claims more than Pillow ever decodes"
    except _UNREADABLE:
        return _what_else(encoded)
    width, height = image.size
    if width * height > max_pixels:
        return f"expected at most {max_pixels:,} pixels, but the header claims {width} x {height}"
    refused = _refused(image, encoded)
    if refused:
        return refused
    channels, size = _channels(image, encoded), _reduced(width, height)
    form = file_format(image)
    try:
        grey = jpeg_luma(encoded, image, size) if form == "JPEG" else luma(image, size, Image.Resampling.BOX)
    except tf.errors.InvalidArgumentError:
        return "expected a complete JPEG image, but TensorFlow cannot decode its data: it is cut off or corrupt"
    except _UNREADABLE as error:
        return f"expected a complete {form} image, but its data is cut off or corrupt ({error})"
    return _Decoded(height, width, channels, len(encoded), grey)


def _reduced(width: int, height: int) -> tuple[int, int]:
    share = min(1.0, _LONGER_SIDE / max(width, height))
    return max(1, round(width * share)), max(1, round(height * share))


def _refused(image: Image.Image, encoded: bytes) -> str:
    """Why TensorFlow would not decode what Pillow does, or would show something else."""
    if image.format == "PNG" and not _png_is_whole(encoded):
        return "expected a complete PNG image, but a checksum is wrong or its end is missing"
    if image.format != "BMP":
        return ""
    bits, compression = _bmp_header(encoded)
    if bits not in (8, 24, 32) or compression not in (0, 3):
        return f"expected BMP with 8, 24 or 32 bits, not compressed, as TensorFlow decodes it, but it has {bits} bits"
    if bits == 8 and image.mode == "P":
        return "expected BMP without a palette, as TensorFlow takes its indices for grey: convert it to PNG"
    return ""


def _png_is_whole(encoded: bytes) -> bool:
    """Whether all chunks up to IEND are there with the right checksums, which Pillow does not look at."""
    position, view = 8, memoryview(encoded)
    while position + 12 <= len(encoded):
        (size,) = struct.unpack_from(">I", encoded, position)
        end = position + 8 + size
        if end + 4 > len(encoded) or zlib.crc32(view[position + 4 : end]) != struct.unpack_from(">I", encoded, end)[0]:
            return False
        if view[position + 4 : position + 8] == b"IEND":
            return True
        position = end + 4
    return False


def _channels(image: Image.Image, encoded: bytes) -> int:
    if image.format == "PNG":
        return 4 if encoded[25] == 3 and "transparency" in image.info else _PNG_CHANNELS[encoded[25]]
    if image.format == "BMP":
        return _bmp_header(encoded)[0] // 8
    return 1 if image.format == "JPEG" and image.getbands() == ("L",) else 3


def _bmp_header(encoded: bytes) -> tuple[int, int]:
    """Bits per pixel and the number of the compression."""
    bits, compression = struct.unpack_from("<HI", encoded, 28)
    return bits, compression


def _what_else(encoded: bytes) -> str:
    for signature, name in _SIGNATURES.items():
        if encoded.startswith(signature):
            return f"expected a complete {name} image, but its header is cut off or corrupt"
    try:
        named = f"it is {Image.open(io.BytesIO(encoded)).format}"
    except (*_UNREADABLE, Image.DecompressionBombError):
        named = f"its first bytes are {encoded[:12]!r}"
    return f"expected a JPEG, PNG, BMP or GIF image, but {named}"
