"""`millrace run digits`: from packed images to a pushed ResNet, three times with other random numbers.

Of the third one the median does not depend where the first two are on the same side of what is asked.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from components.evaluation_report import result
from pipeline import runs
from pipeline.runs import RunRecord

pytestmark = pytest.mark.acceptance

SEEDS = (0, 1, 2)
GOOD = 0.98
CHECKOUT = pathlib.Path(__file__).parents[2]
DIGITS = CHECKOUT / "data/digits/span-2/images-00000-of-00001.tfrecord.gz"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """One root, in which only training and what follows it is done again for each seed."""
    root = tmp_path_factory.mktemp("digits")
    for seed in SEEDS:
        # Each stands for itself: a model as good as the one before is no worse than it for being 1 % behind.
        settings = ["--set", f"trainer.seed={seed}", "--set", "evaluator.thresholds.0.max_loss=null"]
        command = [sys.executable, "-m", "pipeline.cli.main", "run", "digits", "--root", str(root), *settings]
        subprocess.run(command, cwd=CHECKOUT, check=True)
        if 2 * sum(score >= GOOD for score in scores(root)) > len(SEEDS):
            break
    return root


def scores(root: pathlib.Path) -> list[float]:
    """The accuracy of each run, oldest first, on all images that no selection has seen."""
    return [accuracy(record) for record in runs.list_runs(str(root)) if not record.parent]


def accuracy(record: RunRecord) -> float:
    report = record.node("EvaluationReport")
    assert report
    [head] = result.load(report.artifacts["report"][0]).heads
    whole = head.slices[0]
    assert whole.slice == {}
    assert whole.examples >= 350
    value = whole.metrics["accuracy"].candidate.value
    assert value is not None
    return value


def test_the_median_of_three_seeds_is_98_percent_of_images_that_no_selection_has_seen(root):
    found = scores(root)
    print(f"accuracy {found}")
    # Two of them are enough: the median is not below both.
    assert sum(score >= GOOD for score in found) >= 2


def test_the_pushed_model_reads_encoded_images(root):
    [version] = sorted((root / "serving" / "digits").iterdir())[-1:]
    model = tf.saved_model.load(str(version))
    file = "data/digits/span-2/images-00000-of-00001.tfrecord.gz"
    records = [each.numpy() for each in tf.data.TFRecordDataset(file, "GZIP").take(64)]
    spec = {
        "image/encoded": tf.io.FixedLenFeature([], tf.string),
        "image/class/text": tf.io.FixedLenFeature([], tf.string),
    }
    columns = tf.io.parse_example(records, spec)
    answers = model.signatures["serving_default"](examples=tf.constant(records))
    by_bytes = model.signatures["bytes"](image_bytes=columns["image/encoded"])
    np.testing.assert_allclose(answers["scores"], by_bytes["scores"], atol=1e-6)
    pixels = tf.stack([tf.io.decode_image(each) for each in columns["image/encoded"]])
    np.testing.assert_allclose(answers["scores"], model.signatures["pixels"](image_pixels=pixels)["scores"], atol=1e-6)
    assert answers["classes_top"].shape == (64, 5)
    best = answers["classes"].numpy()[np.arange(64), np.argmax(answers["scores"], axis=1)]
    assert (best == columns["image/class/text"].numpy()).mean() >= 0.95
