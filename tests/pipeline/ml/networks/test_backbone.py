"""Backbones of keras.applications: their pixels, their weights from a file, and the phase in which they are frozen."""

from __future__ import annotations

import hashlib
import inspect
import pathlib
import shutil
import socket

import keras
import numpy as np
import pytest

from components.errors import ConfigError
from pipeline.config.networks import Backbone
from pipeline.ml.networks import backbone
from tests.pipeline.ml.networks.built import classifier, features, outlined, randomise

NAME = "VGG16"
SHAPE = (32, 32, 3)
PIXELS = np.random.default_rng(0).integers(0, 256, (2, *SHAPE)).astype("float32")


def digest(path: pathlib.Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def of_file(path: pathlib.Path, **fields: object) -> Backbone:
    return Backbone(**{"name": NAME, "weights": str(path), "sha256": digest(path), **fields})


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    """No test here may reach for the network."""

    def refuse(*_: object) -> None:
        raise AssertionError("this would be a download")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def trained() -> keras.Model:
    """A backbone whose weights are like none that a new one starts with."""
    model = getattr(keras.applications, NAME)(weights=None, include_top=False, pooling="avg", input_shape=SHAPE)
    randomise(model)
    return model


@pytest.fixture(scope="module")
def vectors(trained) -> np.ndarray:
    """What it makes of PIXELS."""
    return np.array(trained(keras.applications.vgg16.preprocess_input(PIXELS.copy())))


@pytest.fixture(scope="module")
def files(trained, tmp_path_factory) -> dict[str, pathlib.Path]:
    """Its weights in every format that there is."""
    folder = tmp_path_factory.mktemp("weights")
    found = {ending: folder / f"trained{ending}" for ending in (".weights.h5", ".h5", ".keras")}
    trained.save_weights(found[".weights.h5"])
    trained.save(found[".h5"])
    trained.save(found[".keras"])
    return found


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".keras"])
def test_weights_come_from_the_file(vectors, files, ending):
    assert np.abs(vectors[0] - vectors[1]).max() > 0.02
    np.testing.assert_allclose(features(of_file(files[ending]), *SHAPE)(PIXELS), vectors, rtol=1e-4, atol=1e-5)


def test_a_file_with_another_digest_is_not_loaded(files):
    network = of_file(files[".h5"], sha256="0" * 64)
    with pytest.raises(ConfigError) as caught:
        features(network, *SHAPE)
    for part in (str(files[".h5"]), "Expected SHA-256: " + "0" * 64, "Received: " + digest(files[".h5"])):
        assert part in str(caught.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ConfigError, match="none.h5: cannot read this file of backbone.weights: No such file"):
        features(Backbone(name=NAME, weights=str(tmp_path / "none.h5"), sha256="0" * 64), *SHAPE)


def test_a_file_of_another_backbone_is_told(files):
    with pytest.raises(ConfigError, match="cannot load these weights; a file of this backbone without its head"):
        features(of_file(files[".h5"], name="VGG19"), *SHAPE)


@pytest.mark.parametrize("name", ["imagenet", "broken.h5", "broken.weights.h5", "broken.keras"])
def test_a_file_without_weights_is_told(tmp_path, monkeypatch, name):
    """Also one that Keras would take for the name of weights to download."""
    monkeypatch.chdir(tmp_path)
    file = pathlib.Path(name)
    file.write_text("no weights")
    with pytest.raises(ConfigError, match=f"{name}: cannot load these weights"):
        features(of_file(file, weights=f"./{name}"), *SHAPE)


def test_an_unknown_backbone_is_answered_with_close_names():
    with pytest.raises(ConfigError, match="has no 'ResNet51'. Did you mean ResNet50 .*Known: ConvNeXtBase, "):
        features(Backbone(name="ResNet51"), *SHAPE)


@pytest.mark.parametrize(
    ("shape", "message"), [((32, 32, 1), "takes RGB: give the image channels=3. Received: 1"), ((8, 8, 3), "at least")]
)
def test_an_image_that_it_cannot_take_is_told(shape, message):
    with pytest.raises(ConfigError, match=f"backbone {NAME}.*{message}"):
        features(Backbone(name=NAME), *shape)


def test_every_constructor_is_known_with_its_arguments_and_preprocessing():
    constructors = {name for name, found in vars(keras.applications).items() if inspect.isfunction(found)}
    assert set(backbone.families()) == constructors
    assert {"VGG16", "InceptionV3", "Xception", "EfficientNetB0", "NASNetMobile", "ConvNeXtTiny"} < constructors
    for name, module in backbone.families().items():
        assert callable(module.preprocess_input)
        arguments = inspect.signature(getattr(module, name)).parameters
        assert {"include_top", "weights", "input_shape", "pooling"} <= set(arguments)


@pytest.mark.acceptance
@pytest.mark.parametrize("name", sorted(backbone.families()))
def test_every_backbone_makes_a_vector(name):
    built = outlined(Backbone(name=name), 96, 96, 3)
    assert built.output.shape[0] is None
    assert built.output.shape[1] >= 512


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("EfficientNetB0", (255, 0, 102)),
        ("MobileNetV2", (1, -1, -0.2)),
        ("DenseNet121", ((1 - 0.485) / 0.229, -0.456 / 0.224, (0.4 - 0.406) / 0.225)),
        ("VGG16", (102 - 103.939, -116.779, 255 - 123.68)),
    ],
)
def test_pixels_are_scaled_as_each_family_wants_them(name, expected):
    pixels = np.full((1, 2, 2, 3), (255.0, 0.0, 102.0), "float32")
    image = keras.Input((2, 2, 3))
    scaled = keras.Model(image, backbone.Preprocessing(name)(image))(pixels)
    np.testing.assert_allclose(scaled, np.broadcast_to(expected, (1, 2, 2, 3)), rtol=1e-5)
    np.testing.assert_array_equal(pixels[0, 0, 0], (255, 0, 102))


def test_pooling_is_the_mean_or_the_maximum(files):
    mean, top = (features(of_file(files[".h5"], pooling=pooling), 64, 64, 3) for pooling in ("avg", "max"))
    pixels = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3)).astype("float32")
    means, tops = np.array(mean(pixels)), np.array(top(pixels))
    assert (means <= tops).all()
    assert (means < tops).any()


def test_efficientnet_normalises_as_its_published_weights_want(tmp_path, monkeypatch):
    """Keras makes the network for them by weights="imagenet" only, which here gets values of ours, not a download."""
    module = inspect.getmodule(keras.applications.EfficientNetB0)
    with monkeypatch.context() as patched:
        patched.setattr(module.file_utils, "get_file", lambda *_, **__: None)
        patched.setattr(keras.Model, "load_weights", lambda *_, **__: None)
        theirs = keras.applications.EfficientNetB0(weights="imagenet", include_top=False, input_shape=SHAPE)
    norm = next(layer for layer in theirs.layers if isinstance(layer, keras.layers.Normalization))
    norm.adapt_mean.assign([0.485, 0.456, 0.406])
    norm.adapt_variance.assign([0.229, 0.224, 0.225])
    norm.finalize_state()
    file = tmp_path / "efficientnetb0_notop.weights.h5"
    theirs.save_weights(file)
    ours = features(of_file(file, name="EfficientNetB0"), *SHAPE)

    # Random weights let no signal through to the end.
    def stem(model: keras.Model) -> keras.Model:
        return keras.Model(model.input, model.get_layer("stem_conv").output)

    inner = stem(ours.get_layer("backbone"))
    scaled = keras.Model(ours.input, ours.get_layer("preprocessing").output)(PIXELS)
    expected = np.array(stem(theirs)(PIXELS))
    np.testing.assert_allclose(inner(scaled), expected, rtol=1e-4, atol=1e-4)
    assert np.abs(np.array(inner(PIXELS)) - expected).max() > 0.1


def test_only_the_head_learns_while_the_backbone_is_frozen():
    model = classifier(Backbone(name="MobileNet"), *SHAPE)
    inner = model.get_layer("backbone")
    labels = np.array([0, 1])

    def changed_by_a_step() -> tuple[bool, bool, bool]:
        """Whether the head, the backbone's trained weights and its moving averages changed."""
        groups = [model.layers[-1].weights, inner.weights, [w for w in inner.weights if "moving" in w.path]]
        before = [[np.array(weight) for weight in group] for group in groups]
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), run_eagerly=True)
        model.train_on_batch(PIXELS, labels)
        return tuple(
            any(not np.array_equal(old, new) for old, new in zip(olds, group, strict=True))
            for olds, group in zip(before, groups, strict=True)
        )

    backbone.freeze(model)
    assert changed_by_a_step() == (True, False, False)
    backbone.unfreeze(model)
    assert changed_by_a_step() == (True, True, True)


def test_a_model_without_a_backbone_cannot_be_frozen():
    image = keras.Input((4,))
    with pytest.raises(ValueError, match="has no backbone among its layers"):
        backbone.freeze(keras.Model(image, keras.layers.Dense(1)(image)))


def test_it_is_the_same_after_saving_and_after_the_file_is_gone(files, tmp_path):
    file = tmp_path / "weights.h5"
    shutil.copy(files[".h5"], file)
    built = features(of_file(file), *SHAPE)
    file.unlink()
    built.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded(PIXELS), built(PIXELS), rtol=1e-5)


def test_mixed_precision_still_scales_pixels_exactly():
    image = keras.Input(SHAPE)
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = keras.Model(image, backbone.vector(Backbone(name=NAME), image))
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert model.get_layer("preprocessing").compute_dtype == "float32"
    assert model.output.dtype == "bfloat16"
