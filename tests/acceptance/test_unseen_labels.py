"""A label that is in no training image, through whole runs: told with its place, and no model is pushed."""

from __future__ import annotations

import pathlib
import re
import textwrap

import pytest
import tensorflow as tf

from components.errors import ExitCode
from tests.components.images.pictures import encoded, photo
from tests.pipeline.cli.shell import millrace

pytestmark = pytest.mark.acceptance
CONFIG = """
    import pipeline.config as c


    def get_config():
        return c.Config(
            name="unseen",
            data=c.Data(
                path="images.tfrecord",
                format="tfrecord",
                splits=c.TimeSplits(column="number", eval_from=40, test_from=60),
            ),
            heads=(c.Head(label="image/class/label", task="multiclass"),),
            features=(c.Image(height=8, width=8, channels=1),),
            duplicates=None,
            model=c.CNN(filters=(4,)),
            trainer=c.Trainer(epochs=1, tensorboard=False),
            evaluator=c.Evaluator(split="test", confidence=False),
        )
"""
PLACES = {
    "eval": (50, "Trainer: .*1 of 20 rows of the eval split have a label that is none of the classes '[01]', '[01]'"),
    "test": (65, "Evaluator: an example of the evaluated split has no label, or one that training has not seen"),
}


@pytest.mark.parametrize("split", PLACES)
def test_a_label_never_seen_in_training_is_told(tmp_path: pathlib.Path, split: str) -> None:
    place, told = PLACES[split]
    with tf.io.TFRecordWriter(str(tmp_path / "images.tfrecord")) as writer:
        for number in range(70):
            numbers = {"number": number, "image/class/label": 2 if number == place else number % 2}
            features = {name: tf.train.Feature(int64_list={"value": [value]}) for name, value in numbers.items()}
            features["image/encoded"] = tf.train.Feature(bytes_list={"value": [encoded(photo(8, 8, number))]})
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
    (tmp_path / "unseen.py").write_text(textwrap.dedent(CONFIG))

    answer = millrace("run", tmp_path / "unseen.py")

    assert answer.code == ExitCode.INPUT, answer.out + answer.err
    assert "Traceback" not in answer.out + answer.err
    assert re.match(f"millrace: {told}", answer.err)
    assert not (tmp_path / "runs/serving").exists()
