"""The output of a layer: exported with the model, written as examples, and ingested again."""

from __future__ import annotations

import json
import os
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import Channel, artifact_utils, standard_artifacts

import pipeline.config as c
from components import embeddings, saved_model
from components.errors import InputError
from pipeline.config.load import load, override
from pipeline.config.settings import TrainerSettings
from pipeline.graph import create_pipeline
from pipeline.ml import models, training
from pipeline.ml.heads import Head
from pipeline.ml.inputs import ModelInput
from tests.components.example_gen import ingestion
from tests.pipeline.ml.images.test_decode import encoded
from tests.pipeline.ml.transformed import Row, Transformed, schema_of

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 4, 4), dtype=np.uint8)
ROWS: list[Row] = [
    {"image/encoded": encoded(pixels), "image/filename": f"{number}.png", "kind": "ab"[number % 2]}
    for number, pixels in enumerate(PIXELS)
]
TYPES = {"image/encoded": "BYTES", "image/filename": "BYTES", "kind": "BYTES"}
IMAGE = c.Image(height=4, width=4, channels=1, mean=(0.5,), deviation=(0.5,))
HEAD = c.Head(label="kind", task="multiclass")
SETTINGS = TrainerSettings(
    features=(IMAGE,),
    heads=(HEAD,),
    model=c.CNN(filters=(3,)),
    trainer=c.Trainer(epochs=1, tensorboard=False),
    extract="image_encoded_normalised",
)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Transformed:
    folder = str(tmp_path_factory.mktemp("rows"))
    return Transformed(folder, {"train": ROWS, "eval": ROWS[:4]}, schema_of(TYPES), SETTINGS)


def test_a_layer_is_written_for_every_example_and_can_be_ingested(records: Transformed, tmp_path: pathlib.Path) -> None:
    arguments = records.fn_args(str(tmp_path))
    arguments.serving_model_dir = f"{tmp_path}/model/Format-Serving"
    training.run_fn(arguments)
    examples, model, found = standard_artifacts.Examples(), standard_artifacts.Model(), standard_artifacts.Examples()
    examples.uri, model.uri, found.uri = f"{records.folder}/raw", f"{tmp_path}/model", f"{tmp_path}/found"
    examples.split_names = artifact_utils.encode_split_names(["train", "eval"])
    node = embeddings.Embeddings(
        Channel(type=standard_artifacts.Examples), Channel(type=standard_artifacts.Model), ["image/encoded"]
    )
    embeddings.Executor(BaseBeamExecutor.Context()).Do(
        {"examples": [examples], "model": [model]}, {"embeddings": [found]}, dict(node.exec_properties)
    )

    again = ingestion.step_by_step(
        tmp_path / "again",
        f"{found.uri}/*/*.gz",
        "tfrecord",
        splits={"kind": "file", "train": "Split-train/*", "eval": "Split-eval/*"},
    )
    for split, count in (("train", 6), ("eval", 4)):
        rows = {row["image/filename"][0].decode(): row for row in ingestion.rows_of(again.splits[split])}
        assert len(rows) == count
        for number in range(count):
            row = rows[f"{number}.png"]
            assert set(row) == {"image/filename", "kind", "embedding"}
            assert row["kind"] == ["ab"[number % 2].encode()]
            np.testing.assert_allclose(row["embedding"], PIXELS[number].reshape(-1) / 127.5 - 1, atol=1e-5)


def test_a_layer_that_there_is_not_ends_the_training_before_it_begins(
    records: Transformed, tmp_path: pathlib.Path
) -> None:
    settings = SETTINGS.model_copy(update={"extract": "image_encoded_averages"})
    with pytest.raises(InputError, match=r"no layer 'image_encoded_averages'\. Did you mean image_encoded_average"):
        training.run_fn(records.fn_args(str(tmp_path), settings))
    assert not os.path.exists(tmp_path / "model")


def test_the_same_layer_is_found_where_keras_has_numbered_its_name_anew() -> None:
    head = Head(HEAD, ("a", "b"))
    inputs = (ModelInput("image_encoded", shape=(4, 4, 1), image=IMAGE), ModelInput("size", size=3))
    trained, served = (models.build(SETTINGS.model, inputs, [head]) for _ in range(2))
    served.set_weights(trained.get_weights())
    [numbered] = [layer.name for layer in trained.layers if isinstance(layer, keras.layers.Add)]
    assert numbered not in [layer.name for layer in served.layers]
    rows = {"image_encoded": PIXELS[..., None], "size": np.arange(6) % 3}

    parts = [models.up_to(numbered, trained, each) for each in (trained, served)]

    np.testing.assert_allclose(*(part(rows) for part in parts), atol=1e-6)
    np.testing.assert_allclose(tf.nn.softmax(parts[1](rows)), served(rows)["kind"], atol=1e-6)


def test_a_model_without_the_signature_is_told(tmp_path: pathlib.Path) -> None:
    signature = tf.function(lambda examples: {"outputs": examples}, input_signature=[tf.TensorSpec([None], tf.string)])
    tf.saved_model.save(tf.Module(), str(tmp_path), signatures={"serving_default": signature})
    with pytest.raises(InputError, match="no signature 'embeddings'"):
        saved_model.Model(str(tmp_path)).embeddings([b""])


def test_without_a_layer_there_is_no_such_node() -> None:
    names = [
        {node.id for node in create_pipeline(override(load("taxi"), [f"extract={json.dumps(layer)}"])).components}
        for layer in (None, "hidden_0")
    ]
    assert ["Embeddings" in each for each in names] == [False, True]
