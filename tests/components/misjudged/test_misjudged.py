"""The real executor on a model whose scores stand in the examples: what is suspect can be said by hand."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
import tensorflow as tf
from tfx.types import standard_artifacts

from components.artifacts import MisjudgedImages
from components.misjudged import judge, settings
from components.misjudged.component import Executor
from components.misjudged.result import FILE, Result
from components.report.pictures import data_uri
from tests.pipeline.ml.images.test_decode import encoded

SPEC = {"scores": tf.io.FixedLenFeature([3], tf.float32), "label": tf.io.FixedLenFeature([], tf.int64)}
ROWS: dict[str, list[tuple[list[float], int]]] = {
    # Class 0 usually has 0.8, class 1 has 0.5, class 2 is nobody's label: there the mean of all, 0.6, counts.
    "train": [([0.8, 0.1, 0.1], 0)] * 3 + [([0.2, 0.5, 0.3], 1)] * 4 + [([0.7, 0.3, 0.0], 1), ([0.0, 0.7, 0.3], 1)],
    "test": [
        ([0.9, 0.05, 0.05], 1),
        ([0.5, 0.4, 0.1], 1),
        ([0.1, 0.3, 0.6], 0),
        ([0.1, 0.2, 0.7], 0),
        ([0.9, 0.1, 0.0], 0),
        ([0.6, 0.3, 0.1], 5),
        ([np.nan, 0.3, 0.1], 1),
    ],
}


def save_model(folder: str) -> None:
    """Heads `kind`, of three classes, and `first`, whether it is class 0."""

    def evaluate(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        scores = tf.io.parse_example(examples, SPEC)["scores"]
        return {"kind": scores, "first": scores[:, :1]}

    def labels(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        label = tf.io.parse_example(examples, SPEC)["label"]
        return {"label_kind": label, "label_first": tf.cast(label == 0, tf.int64)}

    spec = tf.TensorSpec([None], tf.string, name="examples")
    signatures = {
        name: tf.function(each).get_concrete_function(spec)
        for name, each in (("serving_default", evaluate), ("evaluate", evaluate), ("transform_labels", labels))
    }
    tf.saved_model.save(tf.Module(), folder, signatures=signatures)


def write(folder: str, rows: dict[str, list[tuple[list[float], int]]]) -> None:
    for split, found in rows.items():
        pathlib.Path(folder, f"Split-{split}").mkdir(parents=True)
        with tf.io.TFRecordWriter(f"{folder}/Split-{split}/rows-00000-of-00001.gz", "GZIP") as writer:
            for number, (scores, label) in enumerate(found):
                picture = encoded(np.full((4, 4), number, np.uint8))
                features = {
                    "image/encoded": tf.train.Feature(bytes_list={"value": [picture]}),
                    "image/filename": tf.train.Feature(bytes_list={"value": [f"{split}-{number}".encode()]}),
                    "scores": tf.train.Feature(float_list={"value": scores}),
                    "label": tf.train.Feature(int64_list={"value": [label]}),
                }
                writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("misjudged")
    examples, model, misjudged = standard_artifacts.Examples(), standard_artifacts.Model(), MisjudgedImages()
    examples.uri, model.uri, misjudged.uri = (str(folder / name) for name in ("examples", "model", "misjudged"))
    examples.split_names = '["train", "eval", "test"]'
    examples.set_int_custom_property("span", 4)
    write(examples.uri, {**ROWS, "eval": ROWS["test"]})
    save_model(f"{model.uri}/Format-Serving")
    properties = {
        "column": "image/encoded",
        "split": "test",
        "splits": '["train", "test", "none"]',
        "heads": '["kind", "first"]',
    }
    Executor().Do({"examples": [examples], "model": [model]}, {"misjudged": [misjudged]}, properties)
    return Result.model_validate_json((folder / "misjudged" / FILE).read_text())


def test_only_the_wanted_splits_are_looked_at(found: Result) -> None:
    assert [[each.split for each in head.splits] for head in found.heads] == [["train", "test"]] * 2


def test_the_worst_are_those_with_the_lowest_score_of_their_label(found: Result) -> None:
    kind, first = found.heads
    assert [each.name for each in kind.worst] == ["test-0", "test-3", "test-2", "test-1"]
    worst = kind.worst[0]
    assert (worst.split, worst.span, worst.label, worst.predicted) == ("test", 4, 1, 0)
    assert (worst.score, worst.label_score) == (pytest.approx(0.9), pytest.approx(0.05))
    assert worst.picture.startswith("data:image/png;base64,")
    assert first.worst[0].name in ("test-0", "test-2", "test-3")
    assert {each.predicted for each in first.worst} == {0, 1}


def test_suspects_have_at_least_the_usual_score_of_what_they_are_taken_for(found: Result) -> None:
    train, test = found.heads[0].splits
    assert [(each.name, each.suspect) for each in train.shown] == [("train-7", False)]
    assert (train.images, train.misjudged, train.suspects) == (9, 1, 0)
    # Class 0 has (0.1 + 0.1 + 0.9) / 3 where it is the label; class 2 is never the label, all labels have 0.31.
    assert [each.name for each in test.shown] == ["test-0", "test-3", "test-2", "test-1"]
    assert all(each.suspect for each in test.shown)
    assert (test.images, test.misjudged, test.suspects) == (5, 4, 4)


def test_what_is_usual_is_the_mean_score_of_a_class_where_it_is_the_label() -> None:
    scores = np.array([[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.7, 0.3, 0.0]])
    sums = judge.sums_of(scores, np.array([0, 0, 1]))
    assert sums[0].tolist() == [2, 1, 0]
    assert sums[2].tolist() == [0, 1, 0]
    assert [judge.usual_score(sums, each) for each in range(3)] == pytest.approx([0.7, 0.3, 1.7 / 3])


def test_the_pictures_of_all_lists_together_are_bounded() -> None:
    few = settings.Settings("", "image/encoded", "test", ("a",))
    assert few.pictures_per_list(splits=3) == settings.MOST
    many = settings.Settings("", "image/encoded", "test", tuple("abcdefghijkl"))
    assert many.pictures_per_list(splits=3) * 12 * 4 <= settings.MOST_IN_ALL
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    assert settings.MOST_IN_ALL * len(data_uri(encoded(noise))) < 4_500_000, "noise is the largest that there is"
