"""`millrace predict` on a serving directory with two real SavedModels."""

import csv
import json
import os
import pathlib
import re

import pytest
import tensorflow as tf
from apache_beam.runners.direct.direct_runner import DirectRunner

from components.errors import ExitCode
from pipeline.cli.main import main
from tests import tiny_model

CONFIG = """
import pipeline.config as c


def get_config():
    return c.Config(
        name="tiny",
        data=c.Data(path="rows.csv", delimiter=";"),
        heads=(c.Head(label="y"),),
        features=(c.Numeric(column="x"),),
        beam=c.Beam(runner="tests.pipeline.cli.test_predict.Witness"),
    )
"""


class Witness(DirectRunner):
    """The DirectRunner under another name, which notes that it ran."""

    runs = 0

    def run_pipeline(self, pipeline, options):
        Witness.runs += 1
        return super().run_pipeline(pipeline, options)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> pathlib.Path:
    """A user's folder: a config, and two pushed versions; the newer one adds 1 to x."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "tiny.py").write_text(CONFIG)
    tiny_model.save(str(folder / "runs/serving/tiny/1"))
    tiny_model.save(str(folder / "runs/serving/tiny/2"), bias=1.0)
    return folder


@pytest.fixture
def rows(tmp_path) -> str:
    (tmp_path / "rows.csv").write_text("id;kind;x\n007;a;0\n008;b;-1\n009;;-2\n")
    return str(tmp_path / "rows.csv")


@pytest.fixture
def records(tmp_path) -> str:
    """A file called as TFX calls its own; the model cannot read the second record."""
    path = str(tmp_path / "data_tfrecord-00000-of-00001.gz")
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        writer.write(tiny_model.example({"x": 1.0, "kind": "a"}))
        writer.write(tiny_model.example({"x": "text", "kind": "b"}))
    return path


def predicted(out: pathlib.Path) -> list[dict[str, str]]:
    [shard] = out.iterdir()
    with shard.open(newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def test_the_current_version_of_a_config_with_its_delimiter_and_runner(project, rows, tmp_path, capfd):
    before = Witness.runs
    assert main(["predict", str(project / "tiny.py"), rows, "--out", str(tmp_path / "out")]) == ExitCode.OK

    assert Witness.runs == before + 1
    model = project / "runs/serving/tiny/2"
    assert capfd.readouterr().out == f"3 predictions of {model} in {tmp_path}/out\n"
    # Columns that the model does not take come along: ids, for one.
    assert [list(row.values())[:4] for row in predicted(tmp_path / "out")] == [
        ["007", "a", "0", "yes"],
        ["008", "b", "-1", "no"],
        ["009", "", "-2", "no"],
    ]


def test_a_models_folder_and_the_formats(project, tmp_path, capfd):
    (tmp_path / "rows.txt").write_text("kind,x\na,1\n")
    model = str(project / "runs/serving/tiny/1")
    args = ["predict", model, str(tmp_path / "rows.txt"), "--out", str(tmp_path / "out")]
    assert main(args) == ExitCode.INPUT
    assert (
        "cannot be told from the names. Give --format, one of csv, jsonl, parquet, tfrecord" in capfd.readouterr().err
    )

    assert main([*args, "--format", "csv", "--output-format", "jsonl"]) == ExitCode.OK
    [shard] = (tmp_path / "out").iterdir()
    assert json.loads(shard.read_text())["predicted"] == "yes"


def test_batch_size_is_how_many_rows_the_model_gets_at_a_time(project, records, tmp_path, capfd):
    args = ["predict", str(project / "tiny.py"), records, "--format", "tfrecord", "--out", str(tmp_path / "out")]
    assert main(args) == ExitCode.INPUT
    assert re.search(r"00001.gz, from byte 0: the model in .* cannot read these rows", capfd.readouterr().err)
    assert main([*args, "--batch-size", "1"]) == ExitCode.INPUT
    assert re.search(r"00001.gz, from byte [1-9]\d+: the model in .* cannot read these rows", capfd.readouterr().err)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kinds;x\na;1\n", "rows.csv: the model needs a column 'kind'. Did you mean kinds? The file has: kinds, x"),
        ("kind;x\na;1;2\n", "rows.csv, line 2: expected 2 cells, as in the header, but the row has 3"),
    ],
)
def test_rows_that_do_not_fit_are_named_and_nothing_is_left(text, message, project, rows, tmp_path, capfd):
    pathlib.Path(rows).write_text(text)
    assert main(["predict", str(project / "tiny.py"), rows, "--out", str(tmp_path / "out")]) == ExitCode.INPUT
    out, err = capfd.readouterr()
    assert message in err
    assert out == ""
    assert os.listdir(tmp_path / "out") == []


def test_a_folder_that_holds_predictions_is_left_alone(project, rows, tmp_path, capfd):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "predictions-00000-00000.csv").write_text("mine")
    assert main(["predict", str(project / "tiny.py"), rows, "--out", str(tmp_path / "out")]) == ExitCode.INPUT
    assert "out holds predictions already (predictions-00000-00000.csv). Name another folder" in capfd.readouterr().err
    assert (tmp_path / "out" / "predictions-00000-00000.csv").read_text() == "mine"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--root", "nowhere"], "nowhere/serving/tiny holds no pushed model. Run the pipeline until a model is"),
        (["--output-format", "tfrecord"], "csv files cannot become tfrecord. Valid values of --output-format for them"),
        (["--format", "xml"], "'xml' is not one of 'csv', 'jsonl', 'parquet', 'tfrecord'"),
        (["--batch-size", "0"], "0 is not in the range x>=1"),
    ],
)
def test_wrong_usage(more, message, project, rows, tmp_path, capfd):
    args = ["predict", str(project / "tiny.py"), rows, "--out", str(tmp_path / "out"), *more]
    assert main(args) == ExitCode.INPUT
    assert message in capfd.readouterr().err
    assert not os.path.exists(tmp_path / "out")
