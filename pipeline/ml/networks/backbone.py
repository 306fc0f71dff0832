"""Networks of keras.applications, with weights from a local file only."""

from __future__ import annotations

import functools
import hashlib
import inspect
import sys
import zipfile
from types import ModuleType
from typing import Any

import keras
import numpy as np

from components.errors import ConfigError, close_matches
from pipeline.config.networks import Backbone
from pipeline.ml.encoding import layer_name

_LAYER = "backbone"


def vector(network: Backbone, image: Any, name: str = "") -> Any:
    """A tensor [batch, width] of pixels [batch, height, width, 3], floats in [0, 255].

    The backbone is one layer, a model with layers of its own, whose name ends in "backbone".

    Raises:
        ConfigError: no such backbone, an image that it can't take, or weights that are not what they should be.
    """
    check(network)
    prefix = f"{name}_" if name else ""
    base = _untrained(network, image, layer_name(f"{prefix}{_LAYER}"))
    if network.weights is not None:
        _load(base, network.weights)
        image = _as_trained(network, base, image, layer_name(f"{prefix}as_trained"))
    scaled = Preprocessing(network.name, dtype="float32", name=layer_name(f"{prefix}preprocessing"))(image)
    return base(scaled)


def check(network: Backbone) -> None:
    """Raises ConfigError where there is no such backbone, or the file of weights is another one."""
    known = list(families())
    if network.name not in known:
        raise ConfigError(
            f"backbone.name: keras.applications has no {network.name!r}.{close_matches(network.name, known)} "
            f"Known: {', '.join(sorted(known))}"
        )
    if network.weights is None:
        return
    found = _digest(network.weights)
    if found != network.sha256:
        raise ConfigError(
            f"{network.weights}: this is not the file of weights that the config means. "
            f"Expected SHA-256: {network.sha256}. Received: {found}. "
            "Get the right file, or correct backbone.sha256 if you trust this one"
        )


@keras.saving.register_keras_serializable("millrace")
class Preprocessing(keras.layers.Layer):
    """From pixels in [0, 255] to what a backbone was made for, by its own `preprocess_input`.

    That is [-1, 1], ImageNet's mean and deviation, or BGR less ImageNet's mean; some scale by themselves.
    """

    def __init__(self, backbone: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.backbone = backbone

    def call(self, pixels: Any) -> Any:
        """`pixels`: floats [batch, height, width, 3]."""
        return families()[self.backbone].preprocess_input(pixels)

    def get_config(self) -> dict[str, Any]:
        """Keras' way to make the layer again."""
        return {**super().get_config(), "backbone": self.backbone}


def freeze(model: keras.Model) -> None:
    """Keep training away from the backbones in `model`: their weights, and batch normalisation's averages.

    Compile the model afterwards: Keras looks at what can be trained only then.
    """
    for backbone in _backbones(model):
        backbone.trainable = False


def unfreeze(model: keras.Model) -> None:
    """Let training change everything again. Compile the model afterwards."""
    for backbone in _backbones(model):
        backbone.trainable = True


@functools.cache
def families() -> dict[str, ModuleType]:
    """The module that each constructor of keras.applications is from, with its `preprocess_input`, by constructor."""
    constructors = {name: found for name, found in vars(keras.applications).items() if inspect.isfunction(found)}
    return {name: sys.modules[found.__module__] for name, found in constructors.items()}


def _backbones(model: keras.Model) -> list[keras.Model]:
    found = [layer for layer in model.layers if isinstance(layer, keras.Model) and layer.name.endswith(_LAYER)]
    if not found:
        raise ValueError(f"the model {model.name} has no backbone among its layers")
    return found


def _untrained(network: Backbone, image: Any, name: str) -> keras.Model:
    shape = tuple(image.shape[1:])
    if shape[-1] != 3:
        raise ConfigError(f"backbone {network.name} takes RGB: give the image channels=3. Received: {shape[-1]}")
    make = getattr(families()[network.name], network.name)
    try:
        # Never by `weights`: for a name instead of a path it would download.
        base = make(include_top=False, weights=None, input_shape=shape, pooling=network.pooling)
    except ValueError as error:
        raise ConfigError(f"backbone {network.name}: {error}") from None
    # Not by their `name`: EfficientNetV2 looks its own layers up by it.
    return keras.Model(base.input, base.output, name=name)


def _load(base: keras.Model, path: str) -> None:
    try:
        base.load_weights(path)
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise ConfigError(
            f"{path}: cannot load these weights; a file of this backbone without its head is needed "
            f"(include_top=False, often called notop): {error}"
        ) from None


def _digest(path: str) -> str:
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        raise ConfigError(f"{path}: cannot read this file of backbone.weights: {error.strerror}") from None
    return digest.hexdigest()


def _as_trained(network: Backbone, base: keras.Model, image: Any, name: str) -> Any:
    """Pixels such that EfficientNet normalises them as it did when its published weights were made.

    Those were trained on (x/255 - mean) / variance. The network as Keras makes it divides by the variance's root only;
    for weights="imagenet" alone it adds the missing part. Here the pixels change instead, with the file's own mean and
    variance, which are 0 and 1 (no change) in weights that never had ImageNet's.
    https://github.com/tensorflow/tensorflow/issues/49930
    """
    if not network.name.startswith("EfficientNetB"):
        return image
    norm = next(layer for layer in base.layers if isinstance(layer, keras.layers.Normalization))
    mean, variance = np.array(norm.adapt_mean), np.array(norm.adapt_variance)
    scale = 1 / np.sqrt(variance)
    offset = 255 * mean * (1 - scale)
    return keras.layers.Rescaling(scale.tolist(), offset.tolist(), dtype="float32", name=name)(image)
