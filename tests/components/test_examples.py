"""Examples artifacts as files."""

from __future__ import annotations

import pathlib

import pytest
import tensorflow as tf
from tfx.types import standard_artifacts

from components import examples as example_files
from components.errors import InputError
from components.examples import Shard
from tests import tiny_model


def test_all_files_of_all_splits_have_their_span(tmp_path: pathlib.Path) -> None:
    artifacts = []
    for span in (3, 4):
        examples = standard_artifacts.Examples()
        examples.uri, examples.span, examples.split_names = str(tmp_path / str(span)), span, '["train", "eval"]'
        for split in ("train", "eval"):
            tiny_model.write_split(examples.uri, split, [])
        artifacts.append(examples)
    name = "data_tfrecord-00000-of-00001.gz"
    assert example_files.shards(artifacts) == [
        Shard(split, span, f"{tmp_path}/{span}/Split-{split}/{name}") for span in (3, 4) for split in ("train", "eval")
    ]


def test_chosen_records_come_in_order_and_nothing_is_read_behind_them(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "rows"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in (b"a", b"b", b"c"):
            writer.write(record)
    path.write_bytes(path.read_bytes() + b"broken" * 4)
    with pytest.raises(InputError, match=r"rows, byte 51: the checksum of the record's length is wrong"):
        list(example_files.records([str(path)]))
    assert list(example_files.chosen(str(path), {2, 0})) == [(0, b"a"), (2, b"c")]
    assert list(example_files.chosen(str(tmp_path / "none"), ())) == []
