"""TFRecord files read in blocks."""

from __future__ import annotations

import gzip
import pathlib

import pytest
import tensorflow as tf

from components.errors import InputError
from components.tfrecords import blocks
from components.tfrecords.frames import framed

RECORDS = [b"", b"a", b"bc" * 3000, b"d"]


@pytest.mark.parametrize(("name", "options"), [("rows", None), ("rows.gz", "GZIP")])
def test_records_that_tensorflow_wrote_come_in_order_in_lists(
    tmp_path: pathlib.Path, name: str, options: str | None
) -> None:
    path = str(tmp_path / name)
    with tf.io.TFRecordWriter(path, options) as writer:
        for record in RECORDS:
            writer.write(record)
    assert list(blocks.blocks([path], 3)) == [RECORDS[:3], RECORDS[3:]]
    assert list(blocks.blocks([path, path])) == [RECORDS, RECORDS]
    assert list(blocks.records([path, path])) == RECORDS * 2


def test_what_is_framed_is_what_tensorflow_reads(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "rows"
    path.write_bytes(framed(RECORDS))
    assert [each.numpy() for each in tf.data.TFRecordDataset(str(path))] == RECORDS


def test_large_records_make_short_lists(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "rows"
    large = bytes(blocks.BYTES // 2)
    path.write_bytes(framed([large, large, large, b"small"]))
    assert [len(block) for block in blocks.blocks([str(path)])] == [2, 2]


def test_a_file_without_records_has_no_blocks(tmp_path: pathlib.Path) -> None:
    (tmp_path / "rows").touch()
    (tmp_path / "rows.gz").write_bytes(gzip.compress(b""))
    assert list(blocks.blocks([str(tmp_path / "rows"), str(tmp_path / "rows.gz")])) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (framed(RECORDS)[:-1], "byte 6049: the record has 1 bytes, but the file ends after 4"),
        (framed(RECORDS)[:20], "byte 16: the file ends within the record's length"),
        (framed(RECORDS).replace(b"d", b"e"), "byte 6049: the checksum of the record is wrong"),
        (b"\xff" * 100, "byte 0: the checksum of the record's length is wrong"),
    ],
)
def test_a_broken_file_is_told_with_the_place(tmp_path: pathlib.Path, content: bytes, told: str) -> None:
    path = tmp_path / "rows"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"rows, {told}"):
        list(blocks.blocks([str(path)]))


def test_a_gzip_stream_that_was_cut_off_is_told(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "rows.gz"
    path.write_bytes(gzip.compress(framed(RECORDS))[:-9])
    with pytest.raises(InputError, match=r"rows\.gz: the gzip stream is corrupt or cut off near byte"):
        list(blocks.blocks([str(path)]))
