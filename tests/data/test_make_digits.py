"""data/digits/ holds scikit-learn's digits, all of them, as the script makes them."""

from __future__ import annotations

import gzip
import pathlib
import subprocess
import sys

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

DATA = pathlib.Path(__file__).parents[2] / "data"
SPANS = sorted((DATA / "digits").glob("span-*/*.gz"))


def test_the_script_makes_what_is_committed(tmp_path: pathlib.Path) -> None:
    subprocess.run([sys.executable, DATA / "make_digits.py", tmp_path], check=True)
    made = sorted(file for file in tmp_path.rglob("*") if file.is_file())
    assert [file.relative_to(tmp_path) for file in made] == [file.relative_to(DATA / "digits") for file in SPANS]
    for ours, committed in zip(made, SPANS, strict=True):  # another zlib may compress the same records otherwise
        assert gzip.decompress(ours.read_bytes()) == gzip.decompress(committed.read_bytes())


def test_every_digit_is_there_once() -> None:
    spec = {
        "image/encoded": tf.io.FixedLenFeature([], tf.string),
        "image/class/label": tf.io.FixedLenFeature([], tf.int64),
        "image/filename": tf.io.FixedLenFeature([], tf.string),
    }
    digits = load_digits()
    counts = []
    for first, file in zip((0, 900), SPANS, strict=True):
        rows = [tf.io.parse_single_example(each, spec) for each in tf.data.TFRecordDataset(str(file), "GZIP")]
        counts.append(len(rows))
        for row in rows:
            number = first + int(pathlib.Path(row["image/filename"].numpy().decode()).stem)
            pixels = tf.io.decode_png(row["image/encoded"]).numpy()[..., 0]
            assert (pixels == np.round(digits.images[number] * 255 / 16)).all()
            assert row["image/class/label"] == digits.target[number]
    assert counts == [900, 897]
