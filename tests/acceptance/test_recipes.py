"""The recipes for GPUs, started on few images of the right kind: from TFRecords to two steps of training."""

from __future__ import annotations

import csv
import math
import pathlib
from typing import Any

import pytest
import tensorflow as tf

from pipeline import runs
from tests.components.images.pictures import encoded, photo
from tests.pipeline.cli.shell import millrace

pytestmark = pytest.mark.acceptance
STEPS = 2


def _example(row: dict[str, Any]) -> bytes:
    """Whole numbers and bytes as a tf.Example."""
    features = {
        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        if isinstance(value, bytes)
        else tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        for name, value in row.items()
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def _write(path: pathlib.Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for row in rows:
            writer.write(_example(row))


def _cifar(number: int) -> dict[str, Any]:
    """A row of TFDS' cifar10."""
    return {"id": b"train_%05d" % number, "image": encoded(photo(32, 32, number)), "label": number % 10}


def _imagenet(number: int) -> dict[str, Any]:
    """A row of Model Garden's ImageNet, of a usual size."""
    image = encoded(photo(375, 500, number), "JPEG", quality=90)
    return {"image/encoded": image, "image/format": b"JPEG", "image/class/label": 1 + 111 * (number % 10)}


def _train(folder: pathlib.Path, recipe: str, path: str, *settings: str) -> dict[str, float]:
    """The numbers of one epoch, trained by `millrace run`."""
    changes = [f"data.path={folder / path}", "trainer.epochs=1", "trainer.tensorboard=false", *settings]
    flags = [flag for change in changes for flag in ("--set", change)]
    answer = millrace("run", recipe, "--to", "Trainer", "--root", folder / "root", *flags)
    assert answer.code == 0, answer.out + answer.err
    node = runs.list_runs(str(folder / "root"))[-1].node("Trainer")
    assert node is not None
    [model_run] = node.artifacts["model_run"]
    with open(pathlib.Path(model_run) / "history.csv") as file:
        [row] = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    return row


@pytest.mark.parametrize("recipe", ["cifar10_resnet20", "cifar10_resnet56"])
def test_cifar_10_trains_two_steps_of_its_batch(tmp_path: pathlib.Path, recipe: str) -> None:
    _write(tmp_path / "cifar10-train.tfrecord-00000-of-00001", [_cifar(number) for number in range(STEPS * 128)])
    _write(tmp_path / "cifar10-test.tfrecord-00000-of-00001", [_cifar(number) for number in range(300, 320)])
    row = _train(tmp_path, recipe, "cifar10-*.tfrecord-*")
    assert all(math.isfinite(value) for value in row.values())
    assert row["learning_rate"] == pytest.approx(0.1)


def test_imagenet_trains_two_steps_at_full_size_compiled(tmp_path: pathlib.Path) -> None:
    """In bfloat16: what a CPU makes of convolutions in float16 takes minutes."""
    _write(tmp_path / "train-00000-of-00001", [_imagenet(number) for number in range(STEPS * 4)])
    _write(tmp_path / "validation-00000-of-00001", [_imagenet(number) for number in range(20, 24)])
    settings = ("trainer.batch_size=4", "trainer.precision=mixed_bfloat16", "trainer.xla=true")
    row = _train(tmp_path, "imagenet_resnet50", "*-of-*", *settings)
    assert all(math.isfinite(value) for value in row.values())
    # The first steps of the warm-up; 1,000 classes that it knows nothing of yet.
    assert 0 < row["learning_rate"] < 1e-4
    assert math.log(1000) - 0.5 < row["val_loss"] < math.log(1000) + 4  # the kernels' squares come on top
