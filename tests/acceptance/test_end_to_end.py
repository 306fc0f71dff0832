"""From a CSV file to pushed models, by `millrace run`: several heads, code of one's own, and what the models answer."""

import pathlib
import random
import sys
import textwrap

import numpy as np
import pytest
import tensorflow as tf

from pipeline import runs
from tests.pipeline.cli import shell
from tests.tiny_model import example

pytestmark = pytest.mark.acceptance

CONFIG = """
    import pipeline.config as c


    def get_config():
        return c.Config(
            name="shop",
            data=c.Data(path="rows.csv", splits=c.HashSplits(train=4, eval=1, test=0)),
            heads=(
                c.Head(label="bought"),
                c.Head(label="colour", task="multiclass"),
                c.Head(label="price", task="regression", weight=0.1),
            ),
            features=(c.ZScore(column="x"),),
            model=c.Model(kind="custom", builder="own.py:build"),
            trainer=c.Trainer(epochs=6, batch_size=16, learning_rate=0.05, tensorboard=False),
            evaluator=c.Evaluator(
                confidence=False,
                thresholds=(
                    c.Threshold(metric="auc", head="bought", lower=0.9),
                    c.Threshold(metric="accuracy", head="colour", lower=0.7, slice={"kind": "a"}),
                    c.Threshold(metric="rmse", head="price", upper=1.0),
                ),
            ),
        )
"""
OWN = """
    import keras
    import numpy as np
    import tensorflow as tf

    RAW = {"x": tf.io.FixedLenFeature([], tf.float32), "price": tf.io.FixedLenFeature([], tf.float32)}
    MADE = {"half": tf.io.FixedLenFeature([], tf.float32), "label_price": tf.io.FixedLenFeature([], tf.float32)}
    EXAMPLES = tf.TensorSpec([None], tf.string, name="examples")


    def build(inputs, heads):
        hidden = keras.layers.Dense(16, "relu")(inputs["x"])
        outputs = {head.name: keras.layers.Dense(head.units, head.activation)(hidden) for head in heads}
        return keras.Model(inputs, outputs)


    def preprocess(inputs):
        return {"half": tf.squeeze(tf.sparse.to_dense(inputs["x"]), axis=1) / 2}


    def train(fn_args):
        '''A line through the transformed examples, by least squares.'''
        rows = tf.data.TFRecordDataset(tf.io.gfile.glob(fn_args.train_files), "GZIP").batch(1000).get_single_element()
        made = tf.io.parse_example(rows, MADE)
        slope, start = np.polyfit(made["half"], made["label_price"], 1)

        def price(examples):
            return tf.cast(slope, tf.float32) * tf.io.parse_example(examples, {"x": RAW["x"]})["x"][:, None] / 2 + start

        signatures = {
            "serving_default": lambda examples: {"outputs": price(examples)},
            "evaluate": lambda examples: {"price": price(examples)},
            "transform_labels": lambda examples: {"label_price": tf.io.parse_example(examples, RAW)["price"]},
        }
        traced = {name: tf.function(each).get_concrete_function(EXAMPLES) for name, each in signatures.items()}
        tf.saved_model.save(tf.Module(), fn_args.serving_model_dir, signatures=traced)
"""
REGRESSION = (
    "heads=[{'label': 'price', 'task': 'regression'}]",
    "evaluator.thresholds=[{'metric': 'rmse', 'upper': 0.5}]",
    "features=[]",
    "model={'kind': 'linear'}",
    "trainer.learning_rate=0.1",
    "preprocessing_fn=own.py:preprocess",
)
XS = (-0.9, 0.0, 0.9)


class Shop:
    """A user's folder, in which x decides everything: bought, colour and price."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        toss = random.Random(0)
        rows = ["x,kind,bought,colour,price"]
        for number in range(400):
            x = toss.uniform(-1, 1)
            colour = "red" if x < -0.4 else "blue" if x > 0.4 else "green"
            rows.append(f"{x},{'ab'[number % 2]},{int(x > 0)},{colour},{3 * x + 2}")
        (folder / "rows.csv").write_text("\n".join(rows))
        (folder / "shop.py").write_text(textwrap.dedent(CONFIG))
        (folder / "own.py").write_text(textwrap.dedent(OWN))

    def command(self, *settings: str) -> list[str]:
        return ["run", str(self.folder / "shop.py"), *(part for each in settings for part in ("--set", each))]

    def pushed(self, answer: shell.Answer, version: int) -> tuple[runs.RunRecord, dict[str, np.ndarray]]:
        """The record of the run that has just pushed this version, and what `serving_default` answers for XS."""
        assert answer.code == 0, answer.out + answer.err
        record = runs.list_runs(str(self.folder / "runs"))[-1]
        assert record.blessed
        assert record.pushed == str(self.folder / f"runs/serving/shop/{version}")
        assert f"pushed to {record.pushed}" in answer.out
        signature = tf.saved_model.load(record.pushed).signatures["serving_default"]
        rows = [example({"x": x, "kind": "a"}) for x in XS]
        return record, {name: value.numpy() for name, value in signature(tf.constant(rows)).items()}


class Watch:
    """Sees every import of this process and of those that it forks, and notes the names in a file."""

    def __init__(self, file: pathlib.Path) -> None:
        self.file = file

    def find_spec(self, name: str, *_: object) -> None:
        with self.file.open("a") as file:
            file.write(f"{name}\n")


def watched(file: pathlib.Path, *command: str) -> tuple[shell.Answer, set[str]]:
    """Run a command; its answer, and what was imported until its end."""
    sys.meta_path.insert(0, Watch(file))
    answer = shell.here(*command)
    return answer, {*sys.modules, *file.read_text().split()}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return Shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def three_heads(shop, tmp_path_factory):
    """The run of the whole config, and what it imported."""
    return shell.in_child(watched, tmp_path_factory.mktemp("watch") / "names", *shop.command())


def test_three_heads_on_a_model_of_ones_own_are_pushed(shop, three_heads):
    _, answers = shop.pushed(three_heads[0], version=1)
    colours = {f"colour_{name}" for name in ("classes", "scores", "classes_top", "scores_top")}
    assert set(answers) == {"bought_classes", "bought_scores", *colours, "price_outputs"}
    assert answers["bought_classes"].tolist() == [[b"0", b"1"]] * 3
    assert (answers["bought_scores"].argmax(axis=1)[[0, 2]] == (0, 1)).all()
    best = answers["colour_scores"].argmax(axis=1)
    assert answers["colour_classes"][range(3), best].tolist() == [b"red", b"green", b"blue"]
    assert answers["price_outputs"].shape == (3, 1)


def test_no_process_of_a_run_imports_the_cloud_platform(three_heads):
    _, imported = three_heads
    assert "pipeline.ml.training" in imported  # only the Trainer's process needs it
    assert "google.cloud.aiplatform" not in imported


def test_a_regression_on_a_preprocessing_fn_of_ones_own_is_pushed(shop, three_heads):
    answer = shell.millrace(*shop.command(*REGRESSION))
    record, answers = shop.pushed(answer, version=2)
    assert record.node("StatisticsGen").state == "cached"
    assert set(answers) == {"outputs"}
    assert answers["outputs"][:, 0] == pytest.approx([3 * x + 2 for x in XS], abs=0.5)
    features = tf.saved_model.load(record.pushed).signatures["transform_features"]
    transformed = features(tf.constant([example({"x": 0.5})]))
    assert {name: value.numpy().tolist() for name, value in transformed.items()} == {"half": [0.25]}


def test_what_a_run_fn_of_ones_own_trains_is_pushed(shop, three_heads):
    answer = shell.millrace(*shop.command(*REGRESSION, "trainer.run_fn=own.py:train"))
    record, answers = shop.pushed(answer, version=3)
    assert record.node("Trainer").state == "complete"
    assert answers["outputs"][:, 0] == pytest.approx([3 * x + 2 for x in XS], abs=1e-3)
