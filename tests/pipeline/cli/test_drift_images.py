"""`millrace drift` on images: their properties are features, in the whole data and by class."""

import io
import json
import pathlib
from typing import Any

import pytest
import tensorflow as tf
from PIL import Image

from components.errors import ExitCode
from tests.pipeline.cli import shell

DIGITS = "data/digits/span-*/*.tfrecord.gz"
IMAGE = "image/encoded"
DARK = ("0", "1", "2", "3", "4")
"""The classes whose images get darker."""


def darker(png: bytes) -> bytes:
    """The image with two thirds of its light."""
    target = io.BytesIO()
    Image.open(io.BytesIO(png)).point(lambda value: value * 2 // 3).save(target, "PNG")
    return target.getvalue()


def write_darker(path: pathlib.Path) -> None:
    """All digits, those of some classes darker."""
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for record in tf.data.TFRecordDataset(sorted(tf.io.gfile.glob(DIGITS)), "GZIP").as_numpy_iterator():
            example = tf.train.Example.FromString(record)
            features = example.features.feature
            if features["image/class/text"].bytes_list.value[0].decode() in DARK:
                features[IMAGE].bytes_list.value[0] = darker(features[IMAGE].bytes_list.value[0])
            writer.write(example.SerializeToString())


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[shell.Answer, dict[str, Any]]:
    """Digits against darker ones."""
    folder = tmp_path_factory.mktemp("dark")
    write_darker(folder / "dark.tfrecord.gz")
    answer = shell.here(
        "drift", DIGITS, folder / "dark.tfrecord.gz", "--image", IMAGE, "--slice", "image/class/text", "--out", folder
    )
    return answer, json.loads((folder / "drift.json").read_text())


def test_darker_images_drift_in_brightness(report: tuple[shell.Answer, dict[str, Any]]) -> None:
    answer, numbers = report
    states = {each["name"]: each["state"] for each in numbers["features"]}
    assert answer.code == ExitCode.GATE
    assert states["image/brightness"] == "drift"
    assert (states["image/height"], states["image/class/label"]) == ("ok", "ok")
    assert IMAGE not in states, "the pixels are no feature"


def test_the_classes_that_got_darker_are_told(report: tuple[shell.Answer, dict[str, Any]]) -> None:
    slices = report[1]["slices"]
    states = {
        name.removeprefix("image/class/text_"): each["state"]
        for name, results in slices.items()
        for each in results
        if each["name"] == "image/brightness"
    }
    assert states == {str(digit): "drift" if str(digit) in DARK else "ok" for digit in range(10)}
