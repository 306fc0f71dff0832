"""`millrace predict`'s engine on real files and a real SavedModel."""

from __future__ import annotations

import csv
import functools
import gzip
import json
import os
import pathlib
import resource
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
import tensorflow as tf

from components.errors import ConfigError, CrashError, GateError, InputError
from pipeline import beam
from pipeline.beam import Pipelines
from pipeline.prediction.predict import predict
from pipeline.prediction.shards import Job
from pipeline.runners import predicting
from tests import tiny_model


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A serving directory with two versions; the newer one adds 1 to x."""
    folder = str(tmp_path_factory.mktemp("serving"))
    tiny_model.save(f"{folder}/1")
    tiny_model.save(f"{folder}/2", bias=1.0)
    return folder


def shard(summary: Any, index: int = 0) -> str:
    with open(summary.files[index], newline="", encoding="utf-8") as file:
        return file.read()


def test_csv_rows_come_back_with_their_cells_and_predictions(serving: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.csv").write_text('id,kind,x\n007,"a, ""b""",0.5\n8,,\n9,"two\nlines",-1e3\n')
    with gzip.open(tmp_path / "b.csv.gz", "wt") as file:
        file.write("x,kind\n1,z\n")
    summary = predict(serving, [str(tmp_path / "*.csv"), str(tmp_path / "b.csv.gz")], str(tmp_path / "out"))
    assert (summary.rows, summary.model_version) == (4, "2")
    assert [os.path.basename(path) for path in summary.files] == [
        "predictions-00000-00000.csv",
        "predictions-00001-00000.csv",
    ]
    assert shard(summary).startswith(
        'id,kind,x,predicted,predicted_score,predicted_probability\n007,"a, ""b""",0.5,yes,'
    )
    rows = list(csv.DictReader(shard(summary).splitlines(keepends=True)))
    assert [row["kind"] for row in rows] == ['a, "b"', "", "two\nlines"]
    # A missing number counts as 0 in this model, plus its bias.
    assert [float(row["predicted_probability"]) for row in rows] == pytest.approx([0.8175745, 0.7310586, 0.0], abs=1e-6)
    assert sorted(os.listdir(tmp_path / "out")) == [os.path.basename(path) for path in summary.files]


def test_an_older_version_by_its_folder(serving: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.csv").write_text("x,kind\n0,a\n")
    summary = predict(f"{serving}/1", [str(tmp_path / "a.csv")], str(tmp_path / "out"), output_format="jsonl")
    assert summary.model_version == "1"
    assert json.loads(shard(summary)) == {
        "x": "0", "kind": "a", "predicted": "no", "predicted_score": 0.5, "predicted_probability": 0.5
    }  # fmt: skip


def test_json_lines_and_parquet(serving: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"x": 1, "kind": "é", "tags": ["p", "q"]}\n{"kind": null, "x": -4.5}\n')
    pyarrow.parquet.write_table(pa.table({"x": [1, -2], "kind": ["é", None]}), tmp_path / "a.parquet")
    lines = predict(f"{serving}/1", [str(tmp_path / "a.jsonl")], str(tmp_path / "lines"))
    found = [json.loads(line) for line in shard(lines).splitlines()]
    assert found[0]["tags"] == ["p", "q"]
    assert found[0]["predicted_probability"] == pytest.approx(0.7310586)
    assert found[1]["predicted"] == "no"
    table = predict(f"{serving}/1", [str(tmp_path / "a.parquet")], str(tmp_path / "table"))
    assert [json.loads(line)["predicted"] for line in shard(table).splitlines()] == ["yes", "no"]


def test_tfrecord_becomes_json_lines_or_tfrecord(serving: str, tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "a.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        for x in (1.0, -2.0):
            writer.write(tiny_model.example({"x": x, "kind": "a", "n": 3}))
    lines = predict(f"{serving}/1", [path], str(tmp_path / "lines"))
    assert [json.loads(line)["predicted"] for line in shard(lines).splitlines()] == ["yes", "no"]
    assert json.loads(shard(lines).splitlines()[0])["n"] == 3
    records = predict(f"{serving}/1", [path], str(tmp_path / "records"), output_format="tfrecord")
    (first, _) = list(tf.data.TFRecordDataset(list(records.files)).as_numpy_iterator())
    features = tf.train.Example.FromString(first).features.feature
    assert features["predicted"].bytes_list.value[:] == [b"yes"]
    assert features["n"].int64_list.value[:] == [3]


def test_a_large_file_is_cut_into_shards_that_keep_the_order(serving: str, tmp_path: pathlib.Path) -> None:
    # 20 MB in ranges of 8 MiB.
    with open(tmp_path / "a.csv", "w") as file:
        file.write("x,kind,id\n")
        file.writelines(f"0.5,{'k' * 190},{index}\n" for index in range(100_000))
    summary = predict(serving, [str(tmp_path / "a.csv")], str(tmp_path / "out"))
    assert (summary.rows, len(summary.files)) == (100_000, 3)
    ids = []
    for path in summary.files:
        with open(path, newline="") as file:
            ids += [int(row["id"]) for row in csv.DictReader(file)]
    assert ids == list(range(100_000))


def test_in_a_process_of_its_own_it_comes_to_the_same(serving: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.csv").write_text("x,kind\n0,a\n7,b\n")
    log = tmp_path / "logs" / "log.txt"
    run = functools.partial(predicting.run, pipelines=Pipelines(beam.here()), log=str(log), report=lambda _: None)
    there = predict(serving, [str(tmp_path / "a.csv")], str(tmp_path / "there"), run=run)
    assert shard(there) == shard(predict(serving, [str(tmp_path / "a.csv")], str(tmp_path / "here")))


@pytest.mark.parametrize("end", [KeyboardInterrupt, CrashError])
def test_what_does_not_end_well_leaves_nothing(serving: str, tmp_path: pathlib.Path, end: type[BaseException]) -> None:
    (tmp_path / "a.csv").write_text("x,kind\n0,a\n")

    def run(job: Job, files: Any) -> Any:
        pathlib.Path(job.folder, "predictions-00000-00000.csv").touch()
        raise end

    with pytest.raises(end):
        predict(serving, [str(tmp_path / "a.csv")], str(tmp_path / "out"), run=run)
    assert not os.listdir(tmp_path / "out")


BAD = {
    "a number": ("x,kind\n1,a\nfoo,b\n", r"bad.csv, line 3: expected a number in 'x'. Received: 'foo'"),
    "ragged": ("x,kind\n1,a\n1,a,b\n", r"bad.csv, line 3: expected 2 cells"),
    "column": ("y,kind\n1,a\n", r"the model needs a column 'x'. .*The file has: y, kind|needs a column 'x'"),
    "taken": ("x,kind,predicted\n1,a,b\n", r"columns are called predicted, as the predictions are"),
    "quote": ('x,kind\n1,"a\n', r"line 2: a quote is opened in this row and never closed"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_rows_are_named_and_nothing_is_left(case: str, serving: str, tmp_path: pathlib.Path) -> None:
    text, message = BAD[case]
    (tmp_path / "good.csv").write_text("x,kind\n1,a\n")
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        predict(serving, [str(tmp_path / "good.csv"), str(tmp_path / "bad.csv")], str(tmp_path / "out"))
    assert os.listdir(tmp_path / "out") == []


def test_no_room_for_a_shard_is_told_and_leaves_nothing(serving: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.csv").write_text("x,kind\n" + "1,a\n" * 5000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(InputError, match=r"cannot write predictions-00000-00000.csv: .*File too large"):
            predict(serving, [str(tmp_path / "a.csv")], str(tmp_path / "out"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert os.listdir(tmp_path / "out") == []


def test_a_truncated_tfrecord_is_named_with_its_offset(serving: str, tmp_path: pathlib.Path) -> None:
    with tf.io.TFRecordWriter(str(tmp_path / "whole")) as writer:
        writer.write(tiny_model.example({"x": 1.0}))
    (tmp_path / "a.tfrecord").write_bytes((tmp_path / "whole").read_bytes()[:-3])
    with pytest.raises(InputError, match=r"a.tfrecord, byte 0: .*corrupt or cut off"):
        predict(serving, [str(tmp_path / "a.tfrecord")], str(tmp_path / "out"))


@pytest.mark.parametrize("written", ["jsonl", "tfrecord"])
def test_examples_with_predictions_already_are_refused(written: Any, serving: str, tmp_path: pathlib.Path) -> None:
    with tf.io.TFRecordWriter(str(tmp_path / "a.tfrecord")) as writer:
        writer.write(tiny_model.example({"x": 1.0, "predicted": "yes"}))
    with pytest.raises(InputError, match="columns are called predicted, as the predictions are"):
        predict(serving, [str(tmp_path / "a.tfrecord")], str(tmp_path / "out"), output_format=written)


def test_examples_of_another_type_are_named(serving: str, tmp_path: pathlib.Path) -> None:
    with tf.io.TFRecordWriter(str(tmp_path / "a.tfrecord")) as writer:
        writer.write(tiny_model.example({"x": "text"}))
    with pytest.raises(InputError, match=r"a.tfrecord, from byte 0: the model in .* cannot read these rows"):
        predict(serving, [str(tmp_path / "a.tfrecord")], str(tmp_path / "out"))


def test_wrong_calls(serving: str, tmp_path: pathlib.Path) -> None:
    data = tmp_path / "a.csv"
    data.write_text("x,kind\n1,a\n")
    with pytest.raises(InputError, match="no file matches"):
        predict(serving, [str(tmp_path / "none*.csv")], str(tmp_path / "out"))
    with pytest.raises(InputError, match="holds no pushed model"):
        predict(str(tmp_path / "nowhere"), [str(data)], str(tmp_path / "out"))
    with pytest.raises(
        InputError, match=r"csv files cannot become tfrecord. Valid values of --output-format for them: csv, jsonl"
    ):
        predict(serving, [str(data)], str(tmp_path / "out"), output_format="tfrecord")
    with pytest.raises(ConfigError, match="cannot be told from the names"):
        predict(serving, [str(data.rename(tmp_path / "a.txt"))], str(tmp_path / "out"))
    (tmp_path / "file").write_text("")
    data.write_text("x,kind\n1,a\n")
    with pytest.raises(InputError, match="cannot write to"):
        predict(serving, [str(data)], str(tmp_path / "file" / "out"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "predictions-00000-00000.csv").write_text("")
    with pytest.raises(InputError, match="holds predictions already"):
        predict(serving, [str(data)], str(tmp_path / "full"))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "saved_model.pb").write_text("nothing")
    with pytest.raises(GateError, match="cannot be loaded"):
        predict(str(tmp_path / "broken"), [str(data)], str(tmp_path / "out"))
