"""The other formats, the splits, and what the shards look like."""

import gzip
import json
import pathlib

import pyarrow as pa
import pyarrow.parquet
import pytest

from components.errors import InputError
from components.example_gen import parquet_format, transforms
from components.example_gen.settings import Settings
from components.tfrecords import shards
from tests.components.example_gen import ingestion

_ROWS = [
    {"id": [1], "text": [b"x"], "value": [0.5]},
    {"id": [2], "text": [], "value": [1.0]},
    {"id": [3], "text": ["é".encode()], "value": []},
]
_CSV = "id,text,value\n1,x,0.5\n2,,1\n3,é,\n".encode()
_JSON = '{"id": 1, "text": "x", "value": 0.5}\n\n{"value": 1, "id": 2, "text": null}\n{"id": 3, "text": "é"}\n'.encode()


def _parquet() -> bytes:
    table = pa.table({"id": [1, 2, 3], "text": ["x", None, "é"], "value": pa.array([0.5, 1, None], pa.float64())})
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink, row_group_size=2)
    return sink.getvalue().to_pybytes()


def test_every_format_gives_the_same_records_in_the_same_splits(tmp_path):
    found = {}
    for name, content in {"csv": _CSV, "jsonl": _JSON, "parquet": _parquet()}.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "in").write_bytes(content)
        found[name] = ingestion.step_by_step(folder, f"{folder}/in", name, range_bytes=20)
    shards_of_csv = f"{tmp_path}/csv/examples/Split-*/*"
    found["tfrecord"] = ingestion.step_by_step(tmp_path / "again", shards_of_csv, "tfrecord")

    assert sorted(ingestion.all_rows(found["csv"]), key=lambda row: row["id"]) == _ROWS
    for name, other in found.items():
        assert other.splits == found["csv"].splits, name


def test_a_range_that_is_written_again_doubles_nothing(tmp_path, monkeypatch):
    """As where a worker dies between two of a range's files, or is not believed to have lived."""
    for folder in ("once", "again"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "in.csv").write_bytes(_CSV + b"4\n5,y,2\n")
    once = ingestion.step_by_step(tmp_path / "once", f"{tmp_path}/once/in.csv", range_bytes=20, bad_rows=1)
    write, commit = transforms.write, shards.Shard.commit

    def again(*args):
        committed = []

        def dies(shard):
            if committed:
                raise OSError("the worker dies")
            committed.append(shard)
            commit(shard)

        with monkeypatch.context() as patch:
            patch.setattr(shards.Shard, "commit", dies)
            with pytest.raises(OSError, match="dies"):
                write(*args)
        write(*args)
        return write(*args)

    monkeypatch.setattr(transforms, "write", again)
    found = ingestion.step_by_step(tmp_path / "again", f"{tmp_path}/again/in.csv", range_bytes=20, bad_rows=1)
    assert found.splits == once.splits
    assert [row["raw"] for row in found.bad] == [row["raw"] for row in once.bad] == ["4"]


def test_gzip_bom_and_blank_lines_change_nothing(tmp_path):
    plain, zipped = tmp_path / "plain", tmp_path / "zipped"
    for folder in (plain, zipped):
        folder.mkdir()
    (plain / "in.csv").write_bytes(_CSV)
    (zipped / "in.csv.gz").write_bytes(gzip.compress(b"\xef\xbb\xbf" + _CSV.replace(b"\n", b"\r\n\r\n")))

    found = ingestion.step_by_step(zipped, f"{zipped}/*.gz", range_bytes=5)

    assert found.splits == ingestion.step_by_step(plain, f"{plain}/*.csv").splits


def test_lists_booleans_and_mixed_numbers_of_json(tmp_path):
    (tmp_path / "in").write_text('{"a": [1, 2.5], "b": true, "c": 1}\n{"a": [], "b": false, "c": "one"}\n')

    found = ingestion.step_by_step(tmp_path, f"{tmp_path}/in", "jsonl")

    rows = sorted(ingestion.all_rows(found), key=lambda row: row["b"])
    assert rows == [{"a": [], "b": [0], "c": [b"one"]}, {"a": [1.0, 2.5], "b": [1], "c": [b"1"]}]


def test_time_splits_compare_numbers_as_numbers_and_text_as_text(tmp_path):
    (tmp_path / "in").write_text("t,day\n9,2024-01-09\n10,2024-01-10\n100,2024-02-01\n")
    by_number = {"kind": "time", "column": "t", "eval_from": 10, "test_from": 99.5}
    by_text = {"kind": "time", "column": "day", "eval_from": "2024-01-10", "test_from": None}

    found = ingestion.step_by_step(tmp_path / "number", f"{tmp_path}/in", splits=by_number)
    assert {name: len(records) for name, records in found.splits.items()} == {"train": 1, "eval": 1, "test": 1}
    found = ingestion.step_by_step(tmp_path / "text", f"{tmp_path}/in", splits=by_text)
    assert {name: len(records) for name, records in found.splits.items()} == {"train": 1, "eval": 2}


def test_a_block_of_long_cells_has_few_rows(tmp_path):
    file = tmp_path / "in.parquet"
    cells = [bytes([number % 256]) * 99_999 + bytes([number // 256]) for number in range(500)]
    pyarrow.parquet.write_table(pa.table({"page": cells}), file, compression="zstd")
    source = parquet_format.Parquet(Settings.of("parquet", ingestion.settings()))
    scans = [source.scan(chunk) for chunk in source.chunks(str(file), file.stat().st_size)]
    [part] = source.plan(scans)
    rows = [block.rows for block in source.read(part)]
    assert sum(rows) == 500
    assert max(rows) * 100_000 <= parquet_format._BLOCK_BYTES


def test_a_group_stays_together(tmp_path):
    (tmp_path / "in").write_text("who,n\n" + "".join(f"w{row % 7},{row}\n" for row in range(70)))
    splits = {**ingestion.HASH, "kind": "group", "column": "who"}

    found = ingestion.step_by_step(tmp_path, f"{tmp_path}/in", splits=splits)

    groups = {name: {row["who"][0] for row in ingestion.rows_of(records)} for name, records in found.splits.items()}
    assert sum(len(names) for names in groups.values()) == 7
    assert len([names for names in groups.values() if names]) > 1


def test_text_columns_keep_their_zeros(tmp_path):
    (tmp_path / "in").write_text("zip\n00501\n10001\n")

    found = ingestion.step_by_step(tmp_path, f"{tmp_path}/in", text_columns=["zip"])

    assert ingestion.all_rows(found) == [{"zip": [b"00501"]}, {"zip": [b"10001"]}]


def test_a_shard_appears_whole_and_a_repeated_one_replaces_it(tmp_path):
    path, partial = tmp_path / "data_tfrecord-00000-of-00001.gz", str(tmp_path / "partial")
    first = shards.Shard(str(path), partial)
    first.write([b"lost with its worker"])
    assert not path.exists()

    for _ in range(2):
        again = shards.Shard(str(path), partial)
        again.write([b"one", b""])
        again.commit()

    assert [pathlib.Path(found).name for found in tmp_path.glob("data*")] == [path.name]
    with gzip.open(path) as file:
        assert len(file.read()) == 2 * (8 + 4 + 4) + 3


_BY_FILE = {"kind": "file", "train": "train-*", "eval": "validation-*", "test": None}
_PARTS = {"train-0.x": 1, "validation-0.x": 2, "train-1.x": 3}


def _write_parts(folder: pathlib.Path, format: str) -> None:
    """A file of one row for each of `_PARTS`, which is the row's id."""
    for name, number in _PARTS.items():
        text = f"text {number}"
        if format == "csv":
            content = f"id,text\n{number},{text}\n".encode()
        elif format == "jsonl":
            content = json.dumps({"id": number, "text": text}).encode() + b"\n"
        else:
            sink = pa.BufferOutputStream()
            pyarrow.parquet.write_table(pa.table({"id": [number], "text": [text]}), sink)
            content = sink.getvalue().to_pybytes()
        (folder / name).write_bytes(content)


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_files_that_come_in_splits_stay_in_them(tmp_path, format):
    _write_parts(tmp_path, format)

    found = ingestion.through_beam(tmp_path, f"{tmp_path}/*.x", format, splits=_BY_FILE)

    ids = {split: [row["id"] for row in ingestion.rows_of(rows)] for split, rows in found.splits.items()}
    assert ids == {"train": [[1], [3]], "eval": [[2]]}
    assert found.report["splits"] == {"train": 2, "eval": 1}
    assert found.examples.split_names == '["train", "eval"]'
    # A file of one split leaves no shard in the others.
    shards_of = {split: len(list((tmp_path / "examples" / f"Split-{split}").iterdir())) for split in ids}
    assert shards_of == {"train": 2, "eval": 1}

    again = ingestion.step_by_step(tmp_path / "again", found.examples.uri + "/*/*", "tfrecord", splits=_OF_FOLDERS)
    assert again.splits == found.splits


_OF_FOLDERS = {"kind": "file", "train": "Split-train/*", "eval": "Split-eval/*.gz"}
_WRONG = {
    "no split": (_BY_FILE | {"train": "train-0*"}, r"train-1\.x belongs to no split by its name\. Patterns: train='tr"),
    "two": (_BY_FILE | {"eval": "*-0.x"}, r"train-0\.x belongs to both train and eval by its name"),
    "nothing": (_BY_FILE | {"test": "test-*"}, r"data\.splits\.test: no file matches 'test-\*'\. There is: .*train-0"),
}


@pytest.mark.parametrize("name", _WRONG)
def test_a_file_without_one_split_and_a_split_without_files_are_named(tmp_path, name):
    splits, told = _WRONG[name]
    _write_parts(tmp_path, "csv")
    with pytest.raises(InputError, match=told):
        ingestion.through_beam(tmp_path, f"{tmp_path}/*.x", splits=splits)
