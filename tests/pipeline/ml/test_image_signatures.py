"""The signatures of a model with an image: examples, raw columns, encoded bytes and pixels give the same answers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import pipeline.config as c
from components.saved_model import Model
from pipeline.config.settings import TrainerSettings
from pipeline.ml import models, prepared, serving
from tests.pipeline.ml.images.test_decode import encoded
from tests.pipeline.ml.transformed import Row, Transformed, example, schema_of

TYPES = {"image/encoded": "BYTES", "image/bytes": "FLOAT", "kind": "BYTES"}
KINDS = ("ant", "bee", "cow", "dög")
GREY, COLOUR = np.random.default_rng(0).integers(0, 256, (2, 12, 10, 3), dtype=np.uint8)
GREY = GREY[..., :1]
IMAGE = c.Image(height=8, width=8, channels=1, fit="crop", mean=(0.5,), deviation=(0.2,))


def png(pixels: np.ndarray) -> bytes:
    return encoded(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


FILES = [png(GREY), encoded(COLOUR, "JPEG"), encoded(COLOUR, "BMP"), encoded(COLOUR[:5, :9], "GIF")]
ROWS: list[Row] = [
    {"image/encoded": file, "image/bytes": float(len(file)), "kind": kind}
    for file, kind in zip(FILES, KINDS, strict=True)
]


@dataclasses.dataclass
class Exported:
    """A model with random weights, here and as its callers see it."""

    servable: serving.Servable
    folder: str

    def __post_init__(self) -> None:
        self.signatures = tf.saved_model.load(self.folder).signatures

    def keras(self, pixels: np.ndarray, **columns: list[float]) -> np.ndarray:
        """The Keras model's own answer to pixels of the model's size."""
        others = {name: tf.constant(values) for name, values in columns.items()}
        return self.servable.model({"image_encoded": pixels, **others}, training=False)["kind"].numpy()


def export(folder: str, *features: c.Feature, top_k: int) -> Exported:
    settings = TrainerSettings(
        features=features,
        heads=(c.Head(label="kind", task="multiclass", top_k=top_k),),
        model=c.CNN(filters=(4,)),
    )
    transformed = Transformed(folder, {"train": ROWS, "eval": ROWS}, schema_of(TYPES), settings)
    data = prepared.data(settings, transformed.fn_args(folder))
    model = models.build(settings.model, data.inputs, data.heads)
    for weights in model.trainable_weights:
        weights.assign(np.random.default_rng(1).normal(0, 1, weights.shape))
    serving.export(f"{folder}/model", model, data, settings.transform)
    return Exported(serving.Servable(model, data, settings.transform), f"{folder}/model")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(str(tmp_path_factory.mktemp("alone")), IMAGE, top_k=3)


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """With a column whose name is what the image's argument is called."""
    return export(str(tmp_path_factory.mktemp("beside")), IMAGE, c.ZScore(column="image/bytes"), top_k=9)


def same(one: dict[str, tf.Tensor], other: dict[str, tf.Tensor]) -> None:
    assert set(one) == set(other) == {"classes", "scores", "classes_top", "scores_top"}
    for name in one:
        if one[name].dtype == tf.string:
            assert one[name].numpy().tolist() == other[name].numpy().tolist()
        else:
            np.testing.assert_array_equal(one[name], other[name])


def test_all_ways_in_agree_with_the_keras_model(alone: Exported) -> None:
    by_example = alone.signatures["serving_default"](examples=tf.constant([example(row) for row in ROWS]))
    by_column = alone.signatures["raw"](image_encoded=tf.constant(FILES))
    by_bytes = alone.signatures["bytes"](image_bytes=tf.constant(FILES))
    same(by_example, by_column)
    same(by_example, by_bytes)
    assert set(alone.signatures["bytes"].structured_input_signature[1]) == {"image_bytes"}
    assert set(alone.signatures["pixels"].structured_input_signature[1]) == {"image_pixels"}
    [image] = (each for each in alone.servable._inputs if each.image)
    scores = alone.keras(image.read(tf.constant(FILES)).numpy())
    np.testing.assert_allclose(by_bytes["scores"], scores, atol=1e-6)
    assert np.ptp(scores, axis=0).max() > 0.01, "the images must matter"


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(8, 8), (12, 10), (5, 30)])
def test_pixels_are_the_png_that_holds_them(alone: Exported, channels: int, size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(channels).integers(0, 256, (3, *size, channels), dtype=np.uint8)
    by_pixels = alone.signatures["pixels"](image_pixels=tf.constant(pixels))
    same(by_pixels, alone.signatures["bytes"](image_bytes=tf.constant([png(each) for each in pixels])))
    if (channels, size) == (1, (8, 8)):
        np.testing.assert_allclose(by_pixels["scores"], alone.keras(pixels), atol=1e-6)


def test_the_best_classes_come_in_order_with_their_scores(alone: Exported, beside: Exported) -> None:
    answer = {k: v.numpy() for k, v in alone.signatures["bytes"](image_bytes=tf.constant(FILES)).items()}
    order = np.argsort(-answer["scores"], axis=1)[:, :3]
    np.testing.assert_array_equal(answer["scores_top"], np.take_along_axis(answer["scores"], order, axis=1))
    assert answer["classes_top"].tolist() == np.take_along_axis(answer["classes"], order, axis=1).tolist()
    assert {each.decode() for each in answer["classes"][0]} == set(KINDS)
    shape = beside.signatures["serving_default"].structured_outputs["classes_top"].shape
    assert shape[1] == len(KINDS), "no more than there are"
    predicted = Model(alone.folder).of_examples([example(row) for row in ROWS])
    assert predicted["predicted"].tolist() == answer["classes_top"][:, 0].tolist()


def test_other_columns_are_further_arguments(beside: Exported) -> None:
    assert set(beside.signatures["bytes"].structured_input_signature[1]) == {"image_bytes", "image_bytes_2"}
    assert set(beside.signatures["pixels"].structured_input_signature[1]) == {"image_pixels", "image_bytes"}
    sizes = tf.constant([row["image/bytes"] for row in ROWS], tf.float64)
    by_example = beside.signatures["serving_default"](examples=tf.constant([example(row) for row in ROWS]))
    same(by_example, beside.signatures["bytes"](image_bytes=tf.constant(FILES), image_bytes_2=sizes))
    by_pixels = beside.signatures["pixels"](image_pixels=tf.constant(GREY[None]), image_bytes=sizes[:1])
    np.testing.assert_allclose(by_pixels["scores"], by_example["scores"][:1], atol=1e-6)
    other = beside.signatures["pixels"](image_pixels=tf.constant(GREY[None]), image_bytes=sizes[:1] * 2)
    assert np.abs(other["scores"] - by_pixels["scores"]).max() > 0.001
    assert Model(beside.folder).columns == {"image/bytes": False, "image/encoded": True}
