"""What the model takes: one input per transformed feature, a number, an id with its size, or an image."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import keras
import tensorflow as tf
import tensorflow_transform as tft

from components.errors import InputError
from components.signatures import label_key
from pipeline.config.features import (
    Cross,
    Embedding,
    Feature,
    Hashed,
    Identity,
    MinMax,
    Numeric,
    Vocabulary,
    ZScore,
    feature_key,
)
from pipeline.config.images import Image
from pipeline.config.settings import WEIGHT_KEY, TrainerSettings
from pipeline.ml.images import crops, decode


@dataclass(frozen=True)
class ModelInput:
    """One transformed feature: a number (size None), an id in [0, size), or an image."""

    name: str
    size: Optional[int] = None
    embedding: Optional[int] = None
    """Length of the trained vector per id; None is one-hot."""
    shape: tuple[int, ...] = ()
    """Shape of one example; ids are scalars."""
    vocabulary: Optional[tuple[str, ...]] = None
    """The values that the first ids stand for, where a vocabulary says so."""
    image: Optional[Image] = None
    """An image: encoded bytes as a transformed feature, pixels as the model's input."""

    @property
    def dtype(self) -> str:
        """The type of the model's input."""
        if self.image:
            return "uint8"
        return "float32" if self.size is None else "int64"

    def read(self, transformed: Any) -> Any:
        """The model's input [batch, *shape] from the transformed feature."""
        return decode.decode_batch(tf.reshape(transformed, [-1]), self.image) if self.image else transformed

    def read_one(self, transformed: Any) -> Any:
        """An image of one example."""
        assert self.image is not None
        return decode.decode(tf.reshape(transformed, []), self.image)

    def read_part(self, transformed: Any, seed: Any) -> Any:
        """A random part of an image of one example, by `seed` [2], as its RandomCrop says."""
        assert self.image is not None
        assert self.image.random_crop is not None
        return crops.decode(tf.reshape(transformed, []), self.image, self.image.random_crop, seed)

    def tensor(self) -> Any:
        """A fresh keras.Input of shape [batch, *shape]."""
        return keras.Input(shape=self.shape, name=self.name, dtype=self.dtype)


def model_inputs(settings: TrainerSettings, transform: tft.TFTransformOutput) -> tuple[ModelInput, ...]:
    """The inputs, in the order of the records, or of the names that the user's own preprocessing_fn gave."""
    if settings.preprocessing_fn is None:
        return tuple(_of_record(feature, transform) for feature in settings.features)
    known = {feature_key(feature): feature for feature in settings.features}
    not_features = {WEIGHT_KEY, *(label_key(head.output_name) for head in settings.heads)}
    return tuple(
        _of_record(known[name], transform) if name in known else _of_spec(name, spec, transform)
        for name, spec in sorted(transform.transformed_feature_spec().items())
        if name not in not_features
    )


def _of_record(feature: Feature, transform: tft.TFTransformOutput) -> ModelInput:
    name = feature_key(feature)
    if isinstance(feature, Image):
        return ModelInput(name, shape=(feature.height, feature.width, feature.channels), image=feature)
    if isinstance(feature, (Numeric, ZScore, MinMax)):
        return ModelInput(name)
    embedding = feature.encoding.size if isinstance(feature.encoding, Embedding) else None
    if isinstance(feature, (Hashed, Cross)):
        return ModelInput(name, feature.buckets, embedding)
    if isinstance(feature, Identity):
        return ModelInput(name, feature.size + 1, embedding)
    if isinstance(feature, Vocabulary):
        values = _values(feature, transform)
        return ModelInput(name, len(values) + feature.oov_buckets, embedding, vocabulary=values)
    return ModelInput(name, transform.num_buckets_for_transformed_feature(name), embedding)


def _values(feature: Vocabulary, transform: tft.TFTransformOutput) -> tuple[str, ...]:
    if feature.file is None:
        return tuple(value.decode() for value in transform.vocabulary_by_name(feature_key(feature)))
    copy = os.path.join(
        transform.transform_savedmodel_dir, tf.saved_model.ASSETS_DIRECTORY, os.path.basename(feature.file)
    )
    with tf.io.gfile.GFile(copy) as file:
        return tuple(file.read().splitlines())


def _of_spec(name: str, spec: Any, transform: tft.TFTransformOutput) -> ModelInput:
    """An output of the user's own preprocessing_fn: an int64 with a known range is an id, else it is a number."""
    if not isinstance(spec, tf.io.FixedLenFeature) or spec.dtype == tf.string:
        raise InputError(f"preprocessing_fn: output {name!r} must be a dense number or id. Received: {spec}")
    domain = transform.transformed_domains().get(name)
    if spec.dtype == tf.int64 and domain is not None and spec.shape in ([], [1]):
        return ModelInput(name, transform.num_buckets_for_transformed_feature(name), shape=tuple(spec.shape))
    return ModelInput(name, shape=tuple(spec.shape))


def feature_spec(inputs: Sequence[ModelInput], transform: tft.TFTransformOutput) -> Mapping[str, Any]:
    """How the inputs are parsed from a transformed tf.Example."""
    spec = transform.transformed_feature_spec()
    return {each.name: spec[each.name] for each in inputs}
