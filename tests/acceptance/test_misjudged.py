"""Wrong labels in a small set of images, through a whole run: they are found, and the report shows them."""

from __future__ import annotations

import json
import pathlib
import random
import textwrap

import numpy as np
import pytest
import tensorflow as tf

from components import examples as example_files
from components.misjudged.result import FILE, Picture, Result
from components.misjudged.result import HeadResult as Misjudged
from pipeline import runs
from tests.pipeline.cli.shell import millrace
from tests.pipeline.ml.images.test_decode import encoded

pytestmark = pytest.mark.acceptance

CONFIG = """
    import pipeline.config as c


    def get_config():
        return c.Config(
            name="corners",
            data=c.Data(path="images.tfrecord", format="tfrecord", splits=c.HashSplits(train=2, eval=1, test=1)),
            heads=(
                c.Head(label="image/class/text", name="corner", task="multiclass"),
                c.Head(label="top", classes=("low", "high")),
            ),
            features=(c.Image(height=8, width=8, channels=1, mean=(0.5,), deviation=(0.3,)),),
            duplicates=None,
            model=c.CNN(filters=(8, 16)),
            trainer=c.Trainer(epochs=12, batch_size=16, learning_rate=0.01, tensorboard=False),
            evaluator=c.Evaluator(
                split="test",
                slices=(("image/class/text",), (c.Ranges(column="image/brightness", boundaries=(60, 70)),)),
                metrics=("top_2_accuracy",),
                thresholds=(
                    c.Threshold(metric="accuracy", head="corner", lower=0.5, slice={"image/brightness": "60 to 70"}),
                    c.Threshold(metric="accuracy", head="corner", lower=1.1, slice={"image/brightness": "70 or more"}),
                ),
                confidence=False,
            ),
        )
"""
CORNERS = ("north-east", "north-west", "south-east", "south-west")
IMAGES, FLIPPED = 480, 24


def picture(corner: int, seed: int) -> bytes:
    """A bright corner, 8x8, with noise."""
    pixels = np.random.default_rng(seed).normal(50 + seed % 3 * 10, 20, (8, 8))
    top, left = corner < 2, corner % 2 == 1
    pixels[slice(0, 4) if top else slice(4, 8), slice(0, 4) if left else slice(4, 8)] += 50
    return encoded(np.clip(pixels, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> runs.RunRecord:
    """A run whose model is rejected, for a bound that cannot be met."""
    folder = tmp_path_factory.mktemp("corners")
    toss = random.Random(0)
    flipped = set(toss.sample(range(IMAGES), FLIPPED))
    with tf.io.TFRecordWriter(str(folder / "images.tfrecord")) as writer:
        for number in range(IMAGES):
            corner = number % 4
            told = (corner + toss.randint(1, 3)) % 4 if number in flipped else corner
            name = f"{'flipped' if number in flipped else 'right'}-{number}.png"
            columns = {"image/encoded": picture(corner, number), "image/filename": name.encode()}
            columns["image/class/text"] = CORNERS[told].encode()
            columns["top"] = b"high" if told < 2 else b"low"
            features = {key: tf.train.Feature(bytes_list={"value": [value]}) for key, value in columns.items()}
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
    (folder / "corners.py").write_text(textwrap.dedent(CONFIG))
    answer = millrace("run", folder / "corners.py")
    assert answer.code == 1, answer.out + answer.err
    assert "accuracy on image/brightness=70 or more is" in answer.err
    assert "corner: accuracy on image/brightness=60 to 70" not in answer.err
    return runs.list_runs(str(folder / "runs"))[-1]


def artifact(run: runs.RunRecord, node: str, key: str) -> pathlib.Path:
    found = run.node(node)
    assert found is not None
    return pathlib.Path(found.artifacts[key][0])


@pytest.fixture(scope="module")
def found(run: runs.RunRecord) -> Result:
    return Result.model_validate_json((artifact(run, "Misjudged", "misjudged") / FILE).read_text())


def shown(head: Misjudged) -> list[Picture]:
    return [each for split in head.splits for each in split.shown]


def flips(pictures: list[Picture]) -> int:
    return sum(each.name.startswith("flipped") for each in pictures)


def test_wrong_labels_are_among_those_that_the_model_contradicts(found: Result) -> None:
    corner, top = found.heads
    listed, confident = shown(corner), [each for each in shown(corner) if each.suspect]
    print(
        f"{FLIPPED} wrong labels: {flips(listed)} of {len(listed)} listed, {flips(confident)} of {len(confident)} sure"
    )
    for split in corner.splits:
        print(f"{split.split}: {flips(split.shown)} of {split.misjudged} listed")
    assert len(listed) == len({each.name for each in listed}) == sum(each.misjudged for each in corner.splits)
    assert len(confident) == sum(each.suspects for each in corner.splits)
    assert flips(confident) / len(confident) >= 0.9
    assert flips(listed) / len(listed) >= 0.8
    assert flips(listed) / FLIPPED >= 0.75, "training memorises some"
    assert {each.split for each in corner.splits} == {"train", "eval", "test"}
    assert sum(each.images for each in corner.splits) == IMAGES
    assert {each.name for each in shown(top)} & {each.name for each in listed}


def test_the_worst_mistakes_are_those_of_the_evaluated_split_in_order(found: Result) -> None:
    for head in found.heads:
        scores = [each.label_score for each in head.worst]
        assert scores
        assert scores == sorted(scores)
        assert {each.split for each in head.worst} == {"test"}
        assert all(each.label != each.predicted and each.score > each.label_score for each in head.worst)
        for split in head.splits:
            margins = [each.score - each.label_score for each in split.shown]
            assert margins == sorted(margins, reverse=True)


def test_the_report_shows_pictures_classes_and_ranges(run: runs.RunRecord, found: Result) -> None:
    folder = artifact(run, "EvaluationReport", "report")
    page = (folder / "report.html").read_text()
    pictures = [each for head in found.heads for each in (*head.worst, *shown(head))]
    assert page.count('<img src="data:image/png;base64,') == page.count("<img ") == len(pictures)
    first = found.heads[0].worst[0]
    assert first.name in page
    head = json.loads((folder / "result.json").read_text())["heads"][0]
    labelled, predicted = head["classes"][first.label], head["classes"][first.predicted]
    assert f'alt="labelled {labelled}, predicted {predicted}"' in page
    slices = [each["slice"] for each in head["slices"]]
    assert {each.get("image/class/text") for each in slices} == {None, *CORNERS}
    ranges = [each["image/brightness"] for each in slices if "image/brightness" in each]
    assert ranges == ["below 60", "60 to 70", "70 or more"]
    whole = head["slices"][0]
    assert sum(map(sum, head["plots"]["confusion"])) == whole["examples"]
    metrics = {name: cell["candidate"]["value"] for name, cell in whole["metrics"].items()}
    assert metrics["accuracy"] < metrics["top_2_accuracy"] <= 1


def test_predictions_have_no_pictures(run: runs.RunRecord) -> None:
    folder = artifact(run, "Predictions", "predictions")
    [record, *_] = example_files.records([str(each) for each in folder.glob("Split-test/*")])
    columns = set(tf.train.Example.FromString(record).features.feature)
    assert {"image/filename", "image/brightness", "predicted_corner", "predicted_top_probability"} < columns
    assert "image/encoded" not in columns
