"""Pictures for tests: like photographs in that large shapes are stronger than fine ones."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image


def photo(height: int, width: int, seed: int) -> Image.Image:
    """Noise whose amplitude falls with its frequency f as 1/f^1.2, as it does in photographs (Field, 1987)."""
    random = np.random.default_rng(seed)
    rows, columns = np.meshgrid(np.fft.fftfreq(height), np.fft.fftfreq(width), indexing="ij")
    fall = np.maximum(np.hypot(rows, columns), 1 / max(height, width)) ** 1.2
    waves = [np.fft.ifft2(np.fft.fft2(random.normal(size=(height, width))) / fall).real for _ in range(3)]
    # One shape under all three colours, so that the picture isn't grey on average.
    pixels = np.stack([waves[0] + share * waves[place] for place, share in ((0, 0), (1, 0.4), (2, 0.4))], axis=-1)
    pixels = (pixels - pixels.mean()) / pixels.std() * 45 + 120
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def encoded(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    """The bytes of a file."""
    sink = io.BytesIO()
    image.save(sink, format, **options)
    return sink.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of some bytes whose header says that it is huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
