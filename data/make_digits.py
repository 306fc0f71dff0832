"""Makes data/digits/ from the handwritten digits that ship in scikit-learn.

    .venv/bin/python data/make_digits.py [FOLDER]

Each digit becomes a grey PNG of 8x8 pixels in a folder of its class, and `millrace images pack` turns those into
TFRecord files. The first 900 digits are span 1, the rest span 2. The same input gives the same files, to the byte.
"""

from __future__ import annotations

import argparse
import pathlib
import tempfile

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from components.images.pack import LABELS, pack

SPAN_1 = 900
"""Digits in the first span."""
INK = 16
"""The darkest value in scikit-learn's arrays."""


def main() -> None:
    """Writes data/digits/, or the folder that is given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=pathlib.Path(__file__).parent / "digits")
    make(parser.parse_args().folder)


def make(folder: pathlib.Path) -> None:
    """Writes span-1/ and span-2/ under `folder`, which must not hold them yet."""
    digits = load_digits()
    folder.mkdir(exist_ok=True)
    for span, chosen in ((1, slice(0, SPAN_1)), (2, slice(SPAN_1, None))):
        with tempfile.TemporaryDirectory() as pictures:
            write(pathlib.Path(pictures), digits.images[chosen], digits.target[chosen])
            pack(pictures, str(folder / f"span-{span}"), {}, 1, 0)
        (folder / f"span-{span}" / LABELS).unlink()  # "0" to "9"


def write(folder: pathlib.Path, images: np.ndarray, classes: np.ndarray) -> None:
    """CLASS/NUMBER.png for each of the images, [n, 8, 8] with values from 0 (paper) to INK."""
    for number, (image, name) in enumerate(zip(images, classes, strict=True)):
        (folder / str(name)).mkdir(exist_ok=True)
        pixels = np.round(image * 255 / INK).astype(np.uint8)
        Image.fromarray(pixels).save(folder / str(name) / f"{number:04d}.png")


if __name__ == "__main__":
    main()
