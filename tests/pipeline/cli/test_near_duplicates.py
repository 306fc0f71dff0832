"""Copies of training images in another split, through a whole run: over the allowed share nothing is trained."""

from __future__ import annotations

import json
import pathlib
import re
import textwrap

import pytest
import tensorflow as tf

from pipeline import runs
from pipeline.config import Config
from pipeline.config.load import load, override
from pipeline.dependencies import data_files
from pipeline.graph import create_pipeline
from tests.components.images.pictures import encoded, photo
from tests.pipeline.cli.shell import millrace

CONFIG = """
    import pipeline.config as c


    def get_config():
        return c.Config(
            name="copies",
            data=c.Data(
                path="images.tfrecord", format="tfrecord", splits=c.TimeSplits(column="number", eval_from=40)
            ),
            heads=(c.Head(label="image/class/label", task="multiclass", classes=("0", "1")),),
            features=(c.Image(height=8, width=8, channels=1),),
            model=c.CNN(filters=(4,)),
            trainer=c.Trainer(epochs=1, tensorboard=False),
            evaluator=c.Evaluator(confidence=False),
        )
"""
COPIES = 2
"""Of the 20 images of eval."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A user's folder: 40 images to train on and 20 to evaluate on, of which two were in training as PNG."""
    folder = tmp_path_factory.mktemp("copies")
    with tf.io.TFRecordWriter(str(folder / "images.tfrecord")) as writer:
        for number in range(60):
            copied = number < 40 + COPIES and number >= 40
            image = (
                encoded(photo(32, 32, number - 40), "JPEG", quality=70) if copied else encoded(photo(32, 32, number))
            )
            columns = {"image/encoded": image, "image/filename": f"{number}.png".encode()}
            numbers = {"image/class/label": number % 2, "number": number}
            features = {
                **{name: tf.train.Feature(bytes_list={"value": [value]}) for name, value in columns.items()},
                **{name: tf.train.Feature(int64_list={"value": [value]}) for name, value in numbers.items()},
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
    (folder / "copies.py").write_text(textwrap.dedent(CONFIG))
    return folder


def _record(folder: pathlib.Path) -> runs.RunRecord:
    return runs.list_runs(str(folder / "runs"))[-1]


def test_too_many_copies_end_the_run_before_anything_is_trained(folder: pathlib.Path) -> None:
    answer = millrace("run", folder / "copies.py")

    assert answer.code == 1
    assert "2 of 20 images of 'eval' (10.00%) nearly equal one of 'train'" in answer.err
    assert re.search(r"eval: 40\.png = train: 0\.png \(SSIM 0\.\d+", answer.err)
    assert "Allowed is a share of 5.00%" in answer.err
    assert "Traceback" not in answer.out + answer.err
    page = re.search(r"See (\S+duplicates\.html)", answer.err)
    assert page is not None
    assert pathlib.Path(page[1]).read_text().count("<img ") == 4
    states = {node.id: node.state for node in _record(folder).nodes}
    assert (states["NearDuplicates"], states["DuplicateGate"]) == ("complete", "failed")
    assert {states[node] for node in ("Trainer", "Pusher")} == {"skipped"}


def test_as_many_as_are_allowed_are_told_and_the_run_goes_on(folder: pathlib.Path) -> None:
    answer = millrace("run", folder / "copies.py", "--set", "duplicates.max_share=0.1", "--to", "DuplicateGate")

    assert answer.code == 0, answer.err
    told = "near-duplicates of image/encoded: 2 of 20 images of 'eval' (10.00%) nearly equal one of 'train': "
    assert told in answer.out
    record = _record(folder)
    shown = millrace("show", record.id, "--root", folder / "runs")
    assert f"warning: {told}" in shown.out
    gate = record.node("DuplicateGate")
    assert gate is not None
    [verdict] = gate.artifacts["verdict"]
    assert json.loads(pathlib.Path(verdict, "verdict.json").read_text())["passed"]


def _nodes(config: Config) -> set[str]:
    return {node.id for node in create_pipeline(config).components}


def test_without_the_search_there_is_no_such_node(folder: pathlib.Path) -> None:
    config = override(load(str(folder / "copies.py")), ["duplicates=null"])
    assert not {"NearDuplicates", "DuplicateGate"} & _nodes(config)
    assert "NearDuplicates" not in data_files(config)
    assert not {"NearDuplicates", "DuplicateGate"} & _nodes(load("taxi"))
