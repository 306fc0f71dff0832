"""Bad input is named with its file and line, and never lost."""

import gzip
import pathlib

import pyarrow as pa
import pyarrow.parquet
import pytest
import tensorflow as tf

from components.errors import ConfigError, InputError
from components.example_gen import csv_format, text_files
from components.example_gen.settings import Settings
from tests.components.example_gen import ingestion

TIME = {"kind": "time", "column": "t", "eval_from": 6, "test_from": 9}
_FEW = b"a,b\n1,2\n"


def _ingest(folder: pathlib.Path, files: dict[str, bytes], format: str = "csv", **changes) -> ingestion.Ingested:
    data = folder / "data"
    data.mkdir()
    for name, content in files.items():
        (data / name).write_bytes(content)
    return ingestion.step_by_step(folder, f"{data}/*", format, **changes)


def _records(count: int, junk: int = -1) -> bytes:
    """A TFRecord file of `count` tf.Examples; number `junk` is none."""
    with tf.io.gfile.GFile("ram://records", "wb"):
        pass
    with tf.io.TFRecordWriter("ram://records") as writer:
        for row in range(count):
            value = tf.train.Feature(int64_list=tf.train.Int64List(value=[row]))
            example = tf.train.Example(features=tf.train.Features(feature={"t": value}))
            writer.write(b"junk" if row == junk else example.SerializeToString())
    with tf.io.gfile.GFile("ram://records", "rb") as file:
        return file.read()


def _parquet(**columns) -> bytes:
    sink = pa.BufferOutputStream()
    pa.parquet.write_table(pa.table(columns), sink, row_group_size=2)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("range_bytes", [4, 1 << 20])
@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            {"a.csv": b'a,b\n1,2\n"x\ny",3\n1,2,3\n'},
            r"1 of 3 rows .*\n.*a\.csv, line 5: expected 2 .* has 3 cells",
        ),
        ({"a.csv": b"a,b\r\n1,2\r\n\r\n\xff,3\r\n"}, r"a\.csv, line 4: expected UTF-8, but byte 1 of the row is 0xff"),
        ({"a.csv": b"a,b\n1,2\nx\0,3\n"}, r"a\.csv, line 3: the row holds a NUL byte"),
        ({"a.csv": b'a,b\n1,2\n"x,3\n1,2\n'}, r"a\.csv, line 3: a quote is opened in this row and never closed"),
        ({"a.csv.gz": gzip.compress(b'a,b\n1,2\n"x,3\n1,2\n')}, r"a\.csv\.gz, line 3: a quote is opened"),
        ({"a.csv.gz": gzip.compress(_FEW * 999)[:-9]}, r"a\.csv\.gz: the gzip stream is corrupt or cut off"),
        (
            {"a.csv": _FEW, "b.csv": b"a,c\n1,2\n"},
            r"b\.csv: the header differs .*a\.csv: it lacks b and it adds c",
        ),
        ({"a.csv": _FEW, "b.csv": b"b,a\n1,2\n"}, r"b\.csv: the header differs .*another order"),
        ({"a.csv": b"a,b,a\n1,2,3\n"}, r"a\.csv, line 1: columns 1 and 3 are both named 'a'"),
        ({"a.csv": b"a,,c\n1,2,3\n"}, r"a\.csv, line 1: column 2 has no name"),
        ({"a.csv": _FEW, "b.csv": b""}, r"b\.csv: the file is empty"),
        ({"a.csv": _FEW, "b.csv": b"a,b\n"}, r"b\.csv: there is a header at most, but no row"),
        ({"a.csv": b"a;b\n1;2\n"}, r"a\.csv, line 1: one column, 'a;b'\. Set data\.delimiter to ';'"),
        ({"a.csv": b"a,b\xe9\n1,2\n"}, r"a\.csv, line 1: the header is not UTF-8"),
        ({"a.csv": b"a,b\r1,2\r"}, r"a\.csv, line 1: the lines end in CR alone"),
        ({"a.csv": b'"a,b\n1,2\n'}, r"a\.csv, line 1: a quote is opened in the header and never closed"),
        ({"a.csv": b"a\0,b\n1,2\n"}, r"a\.csv, line 1: the header holds a NUL byte"),
        ({"a.csv": gzip.compress(_FEW)}, r"a\.csv: this is gzip, .* Set data\.compression to gzip"),
    ],
)
def test_csv_errors_name_file_and_line(tmp_path, files, told, range_bytes):
    with pytest.raises(InputError, match=told):
        _ingest(tmp_path, files, range_bytes=range_bytes)


@pytest.mark.parametrize(
    ("name", "content", "changes", "told"),
    [
        ("a.jsonl", b'{"a": 1}\n\n{"a": 2\n', {}, r"a\.jsonl, line 3: expected a JSON object, but at column 8"),
        ("a.jsonl", b'{"a": {"b": 1}}\n', {}, r"a\.jsonl, line 1: 'a': expected a number, .* it holds an object"),
        ("a.jsonl", b'{"a": ' + b"9" * 5000 + b"}\n", {}, r"line 1: expected a JSON object, but .*4300"),
        ("a.jsonl", b'{"a": ' + b"[" * 9999 + b"]" * 9999 + b"}\n", {}, r"line 1: .* lie too deep in each other"),
        ("a.jsonl", b'{"t": 1' + b"0" * 400 + b"}\n", {"splits": TIME}, r"line 1: expected a number in 't'"),
        ("a.parquet", _parquet(t=pa.array([[[1]]])), {}, r"column 't' has the type list<.*list<.*int64"),
        ("a.parquet", _parquet(t=pa.array([1, 2**63], pa.uint64())), {}, r"row 1: .* 't' holds 9223372036854775808"),
        ("a.parquet", b"PAR1 and nothing", {}, r"a\.parquet: this is no complete Parquet file"),
        ("a.parquet", _parquet(t=pa.array([1], pa.timestamp("s"))), {}, r"column 't' has the type timestamp"),
        ("a.tfrecord", _records(20, junk=7), {}, r"a\.tfrecord, byte \d+: expected a tf\.Example"),
        ("a.tfrecord", _records(20)[:-9], {}, r"a\.tfrecord, byte \d+: the record has \d+ bytes, but the file ends"),
        ("a.tfrecord", _records(9).replace(b"t", b"T", 1), {}, r"byte 0: the checksum of the record is wrong"),
        ("a.tfrecord.gz", gzip.compress(_records(99))[:-9], {}, r"a\.tfrecord\.gz: the gzip stream is corrupt"),
        ("a.csv", _FEW, {"splits": TIME}, r"data\.splits\.column: the data has no column 't'. It has: a, b"),
        ("a.csv", b"t,b\n5,1\n7,1\n,2\n", {"splits": TIME}, r"line 4: expected a number in 't'"),
        ("a.csv", b"t\n1\n", {"splits": {**TIME, "eval_from": "2024"}}, r"eval_from is text .* holds numbers"),
        ("a.csv", b"a\n1.5\n", {"splits": {**ingestion.HASH, "kind": "group", "column": "a"}}, "'a' holds floats"),
        ("a.csv", _FEW, {"text_columns": ["c"]}, r"data\.text_columns: the data has no column 'c'"),
    ],
)  # fmt: skip
def test_errors_of_other_formats_and_of_splits(tmp_path, name, content, changes, told):
    with pytest.raises(InputError, match=told):
        _ingest(tmp_path, {name: content}, name.split(".")[1], **changes)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b'"a,b\n' + b"1,2\n" * 500_000, r"a\.csv, line 1: the header does not end within 1 MiB"),
        ("a.jsonl", b'{"a": 1}\n' + b"[1," * 60_000, r"a\.jsonl, byte \d+: no row ends within"),
        ("a.csv.gz", gzip.compress(b'a\n1\n"' + b"1\n" * 99_999), r"a\.csv\.gz, line 3: no row ends within"),
    ],
)
def test_what_has_no_rows_is_not_read_to_its_end(tmp_path, monkeypatch, name, content, told):
    monkeypatch.setattr(text_files, "_LONGEST_ROW", 100_000)
    with pytest.raises(InputError, match=told):
        _ingest(tmp_path, {name: content}, name.split(".")[1], range_bytes=1 << 15)


def test_rows_without_a_time_are_found_again_in_one_walk(tmp_path, monkeypatch):
    walked, walk = 0, csv_format._rows

    def rows(*args):
        nonlocal walked
        for each in walk(*args):
            walked += 1
            yield each

    monkeypatch.setattr(csv_format, "_rows", rows)
    content = b"t,b\n" + b"1,2\n,3\n" * 500
    found = _ingest(tmp_path, {"a.csv": content}, splits=TIME, bad_rows=500)
    assert [row["place"] for row in found.bad] == [f"line {line}" for line in range(3, 1002, 2)]
    assert walked <= 2 * 1000  # in each of the two passes


def test_a_name_in_quotes_may_hold_line_ends(tmp_path):
    found = _ingest(tmp_path, {"a.csv": b'"size\r\n(cm)",b\r\n1,2\r\n'})
    assert set(found.report["columns"]) == {"size\r\n(cm)", "b"}


def test_bad_rows_within_the_budget_are_kept_whole(tmp_path):
    found = _ingest(tmp_path, {"a.csv": b'a,b\n1,2\n"x\ny",3\n1,2,3\n\xff,1\n5,6'}, bad_rows=2, range_bytes=4)

    assert found.report["rows"] == 3
    assert [(row["place"], row["raw"]) for row in found.bad] == [("line 5", "1,2,3"), ("line 6", "\\xff,1")]
    assert found.bad[1]["raw_base64"] == "/ywx"
    assert sorted(row["b"] for row in ingestion.all_rows(found)) == [[2], [3], [6]]


def test_a_budget_can_be_a_share(tmp_path):
    files = {"a.csv": b"a,b\n" + b"1,2\n" * 8 + b"1\n1,2,3\n"}

    with pytest.raises(InputError, match=r"2 of 10 rows .* allows 1:(.|\n)*set data\.bad_rows to 2 or more"):
        _ingest(tmp_path, files, bad_rows=0.1)
    (tmp_path / "data" / "a.csv").unlink()
    (tmp_path / "data").rmdir()
    assert _ingest(tmp_path, files, bad_rows=0.2).report["bad_rows"] == 2


def test_a_number_column_with_a_few_texts_is_noted(tmp_path):
    found = _ingest(tmp_path, {"a.csv": b"a,b\n" + b"1,2\n" * 30, "b.csv": b"a,b\n1,n/a\n2,?\n"})

    assert found.report["columns"] == {"a": "int", "b": "bytes"}
    [note] = found.report["notes"]
    assert "column 'b' became text, though 30 of its 32 values are numbers" in note
    assert "b.csv, line 2 holds 'n/a'" in note


def test_a_quoted_delimiter_belongs_to_the_column_s_name(tmp_path):
    found = _ingest(tmp_path, {"a.csv": b'"size, cm"\n1\n2\n'})
    assert set(found.report["columns"]) == {"size, cm"}


def test_the_delimiter_must_be_one_plain_character():
    with pytest.raises(ConfigError, match="data.delimiter must be one ASCII character"):
        Settings.of("csv", ingestion.settings(delimiter="§"))
