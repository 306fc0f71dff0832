"""Records of one data set whose columns differ in type: said before anything reads them."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
import tensorflow as tf

from components.errors import InputError
from tests.components.example_gen import ingestion

INTS, FLOATS = tf.train.Feature(int64_list={"value": [3]}), tf.train.Feature(float_list={"value": [3.5]})
TEXT, NOTHING = tf.train.Feature(bytes_list={"value": [b"three"]}), tf.train.Feature()
TIME = {"kind": "time", "column": "t", "eval_from": 3, "test_from": None}


def write(path: pathlib.Path, features: list[tf.train.Feature]) -> None:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for feature in features:
            example = tf.train.Example(features=tf.train.Features(feature={"x": feature, "t": INTS}))
            writer.write(example.SerializeToString())


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (
            [INTS, NOTHING],
            [NOTHING, TEXT],
            r"b\.tfrecord: column 'x' holds bytes or text, but integers in .*/a\.",
        ),
        ([FLOATS], [INTS], r"b\.tfrecord: column 'x' holds integers, but floats in .*a\.tfrecord"),
        ([INTS], [INTS, FLOATS], r"b\.tfrecord: column 'x' holds floats, but integers in other records of the file"),
    ],
    ids=["text", "numbers", "one-file"],
)
@pytest.mark.parametrize("splits", [ingestion.HASH, TIME], ids=["hash", "time"])
def test_a_column_has_one_type_in_all_files(
    tmp_path: pathlib.Path,
    first: list[tf.train.Feature],
    second: list[tf.train.Feature],
    told: str,
    splits: dict[str, Any],
) -> None:
    write(tmp_path / "a.tfrecord", first)
    write(tmp_path / "b.tfrecord", second)
    with pytest.raises(InputError, match=told):
        ingestion.step_by_step(tmp_path / "out", f"{tmp_path}/*.tfrecord", "tfrecord", splits=splits)


def test_a_column_may_be_empty_in_some_records(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "a.tfrecord", [NOTHING])
    write(tmp_path / "b.tfrecord", [FLOATS, NOTHING])
    found = ingestion.step_by_step(tmp_path / "out", f"{tmp_path}/*.tfrecord", "tfrecord")
    assert found.report["rows"] == 3
