from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import pipeline.config as c
from components.errors import InputError
from pipeline.ml import batches, labels, training
from pipeline.ml.heads import Head
from pipeline.ml.labels import MISSING, UNKNOWN, Tally
from tests.pipeline.ml.transformed import Transformed


def tally(values: list[float], classes: tuple[str, ...] = ("no", "yes")) -> Tally:
    made = Tally("tipped", "label column 'tip'", classes)
    made.add(np.array(values, np.int64 if classes else np.float32))
    return made


def test_good_labels_pass():
    tally([0, 1, 1]).check("train")
    tally([1.5, 1.5], classes=()).check("train")
    tally([1, 1]).check("eval")


def test_labels_of_imagenet_begin_at_1():
    head = c.Head(label="y", task="multiclass", classes=tuple(map(str, range(1, 1001))))
    found = labels.label({"y": tf.constant([1, 1000, 0, 1001], tf.int64)}, head.label_spec)
    assert found.numpy().tolist() == [0, 999, UNKNOWN, UNKNOWN]


def test_missing_labels_are_counted():
    with pytest.raises(
        InputError, match=r"label column 'tip' \(head 'tipped'\): 2 of 4 rows of the eval split have no label"
    ):
        tally([0, MISSING, 1, MISSING]).check("eval")
    with pytest.raises(InputError, match="1 of 2 rows of the train split have no label"):
        tally([float("nan"), 1.0], classes=()).check("train")


def test_foreign_labels_name_the_classes():
    with pytest.raises(InputError, match="1 of 2 rows .* none of the classes 'no', 'yes'. List every class"):
        tally([0, UNKNOWN]).check("train")


def test_one_class_is_named():
    with pytest.raises(InputError, match="3 of 3 rows of the train split have the same label, 'yes'"):
        tally([1, 1, 1]).check("train")


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("half", "label column 'half' .*: 1 of 4 rows of the train split have no label"),
        ("same", "label column 'same' .*: 4 of 4 rows of the train split have the same label, '0'"),
        (
            "odd",
            "label column 'odd' .*: 1 of 4 rows of the train split have a label that is none of the classes '0', '1'",
        ),
    ],
)
@pytest.mark.parametrize("cache", [True, False])
def test_training_refuses_bad_labels(records: Transformed, tmp_path, label, message, cache):
    heads = tuple(head for head in records.settings.heads if head.label == label)
    settings = records.settings.model_copy(update={"heads": heads, "trainer": c.Trainer(cache=cache)})
    with pytest.raises(InputError, match=message):
        training.run_fn(records.fn_args(str(tmp_path), settings))


def test_a_missing_or_negative_weight_is_counted():
    head = Head(c.Head(label="tip", task="regression"), ())
    part = {"label_tip": np.ones(3, np.float32), "example_weight": np.array([1, -1, np.nan], np.float32)}
    with pytest.raises(InputError, match="column 'w' is missing or negative in 2 of 3 rows of the train split"):
        batches.check([part], "train", [head], c.Trainer(example_weight="w"))
