"""The exported SavedModel and its signatures.

    serving_default      examples: serialized tf.Example [n] -> classes and scores, or outputs
    raw                  one tensor [n] per raw column -> the same
    bytes                the same with images as NAME_bytes: encoded, of several formats in a batch
    pixels               the same with images as NAME_pixels: uint8 [n, h, w, c], any size, 1 to 4 channels
    transform_features   examples -> the transformed features
    transform_labels     examples with labels -> label_<head>, example_weight
    evaluate             examples -> {head: prediction}, as numbers, for TFMA
    embeddings           examples -> embedding [n, width]: a layer's output, where the settings name one

Classifiers return `classes` (text, [n, classes]) and `scores`, in the order of the ids; those of several classes
also `classes_top` and `scores_top` ([n, k]), the k best, best first. Regressors return `outputs` ([n, 1]). With several
heads each is prefixed by `<head>_`. `bytes` and `pixels` are there where the model has images; the images' NAME is
that of the column, without "/encoded". `raw` takes every number as float64 with NaN for a missing value, and
every text with "" for one: TF Serving's JSON carries both (NaN as a bare word). TensorFlow takes only letters,
digits and underscores in the name of an input: `assets.extra/columns.json` says which column each input is.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Optional

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from tfx.dsl.io import fileio

from components import signatures
from pipeline.config.features import columns_of
from pipeline.config.settings import WEIGHT_KEY, TransformSettings
from pipeline.ml import columns, preprocessing
from pipeline.ml.heads import Head
from pipeline.ml.images import decode
from pipeline.ml.inputs import ModelInput
from pipeline.ml.transform_graph import TransformGraph

Tensors = Mapping[str, Any]
COLUMNS_FILE = os.path.join("assets.extra", "columns.json")
EXAMPLES = tf.TensorSpec([None], tf.string, name="examples")


class Servable(tf.Module):
    """A model together with its preprocessing, from raw columns to answers."""

    def __init__(
        self,
        model: keras.Model,
        transform: tft.TFTransformOutput,
        settings: TransformSettings,
        inputs: Sequence[ModelInput],
        heads: Sequence[Head],
        extractor: Optional[keras.Model] = None,
    ) -> None:
        super().__init__()
        self.model, self.extractor = model, extractor
        self.transform = TransformGraph(transform)
        self._inputs, self._heads = tuple(inputs), tuple(heads)
        self._spec = transform.raw_feature_spec()
        self.columns = serving_columns(settings, self._spec)
        self._images = {name: column for name, column in settings.images.items() if column in self.columns}
        # What a preprocessing_fn of one's own does to an image, it does to the bytes.
        self._takes_pixels = bool(self._images) and settings.preprocessing_fn is None
        self._label_keys = [signatures.label_key(head.name) for head in heads]
        self._label_keys += [WEIGHT_KEY] if settings.example_weight else []

    def features(self, raw: Tensors) -> dict[str, Any]:
        """The transformed features of raw columns."""
        transformed = self.transform(raw)
        return {each.name: transformed[each.name] for each in self._inputs}

    def predict(self, raw: Tensors, pixels: Tensors = MappingProxyType({})) -> dict[str, Any]:
        """{head: prediction [n, units]} of raw columns; an image is what `pixels` has under its feature's name."""
        inputs = self._model_inputs(raw, pixels)
        predictions = self.model(inputs, training=False)
        return {head.name: tf.cast(predictions[head.name], tf.float32) for head in self._heads}

    def _model_inputs(self, raw: Tensors, pixels: Tensors) -> dict[str, Any]:
        features = self.features(raw)
        return {
            each.name: decode.sized_batch(pixels[each.name], each.image)
            if each.image and each.name in pixels
            else each.read(features[each.name])
            for each in self._inputs
        }

    def embedding(self, raw: Tensors) -> dict[str, Any]:
        """The extractor's output, an example a row."""
        assert self.extractor is not None
        output = tf.cast(self.extractor(self._model_inputs(raw, {}), training=False), tf.float32)
        return {"embedding": tf.reshape(output, [tf.shape(output)[0], int(np.prod(output.shape[1:]))])}

    def answer(self, raw: Tensors, pixels: Tensors = MappingProxyType({})) -> dict[str, Any]:
        """What the serving signatures return."""
        answers: dict[str, Any] = {}
        predictions = self.predict(raw, pixels)
        for head in self._heads:
            prefix = f"{head.name}_" if len(self._heads) > 1 else ""
            answers.update({prefix + name: value for name, value in _answer(head, predictions[head.name]).items()})
        return answers

    def labels(self, raw: Tensors) -> dict[str, Any]:
        """The labels and weights of raw columns, each [n]."""
        transformed = self.transform(raw)
        return {key: transformed[key] for key in self._label_keys}

    def signatures(self) -> dict[str, Callable[..., Any]]:
        """The concrete functions of all signatures, by name."""
        serving = {name: self._spec[name] for name in self.columns}

        def of_examples(function: Callable[[Tensors], Any], spec: Mapping[str, Any]) -> Any:
            lenient = {name: _lenient(each) for name, each in spec.items()}
            traced = tf.function(lambda examples: function(tf.io.parse_example(examples, lenient)), autograph=False)
            return traced.get_concrete_function(EXAMPLES)

        found = {
            signatures.SERVING: of_examples(self.answer, serving),
            signatures.RAW: self._of_columns(),
            signatures.FEATURES: of_examples(self.features, serving),
            signatures.LABELS: of_examples(self.labels, self._spec),
            signatures.EVALUATE: of_examples(self.predict, serving),
        }
        if self.extractor is not None:
            found[signatures.EMBEDDINGS] = of_examples(self.embedding, serving)
        if self._images:
            found[signatures.BYTES] = self._of_columns("bytes")
        if self._takes_pixels:
            found[signatures.PIXELS] = self._of_columns("pixels")
        return found

    def _of_columns(self, images_as: str = "") -> Any:
        """The concrete function of one argument per raw column, images under a name that ends in what they come as."""
        renamed = {column: f"{column.removesuffix('/encoded')}_{images_as}" for column in self._images.values()}
        names = input_names(self.columns, renamed if images_as else {})
        pixels_of = {name: names[column] for name, column in self._images.items()} if images_as == "pixels" else {}
        tensors = {name: _raw_tensor(name, self._spec[column]) for column, name in names.items()}
        tensors.update({name: _pixel_tensor(name) for name in pixels_of.values()})

        def answer(**values: Any) -> dict[str, Any]:
            pixels = {feature: values[name] for feature, name in pixels_of.items()}
            # Transform wants the bytes that pixels never had.
            values.update({name: tf.fill([tf.shape(values[name])[0]], "") for name in pixels_of.values()})
            raw = {column: _column(values[name], self._spec[column]) for column, name in names.items()}
            return self.answer(raw, pixels)

        return tf.function(answer, autograph=False).get_concrete_function(**tensors)


def export(
    folder: str,
    model: keras.Model,
    transform: tft.TFTransformOutput,
    settings: TransformSettings,
    inputs: Sequence[ModelInput],
    heads: Sequence[Head],
    extractor: Optional[keras.Model] = None,
) -> None:
    """Write the SavedModel, and which column each input of `raw` is."""
    servable = Servable(model, transform, settings, inputs, heads, extractor)
    tf.saved_model.save(servable, folder, signatures=servable.signatures())
    path = os.path.join(folder, COLUMNS_FILE)
    fileio.makedirs(os.path.dirname(path))
    with fileio.open(path, "w") as file:
        file.write(json.dumps({name: column for column, name in input_names(servable.columns).items()}, indent=2))


def input_names(columns: Sequence[str], renamed: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """The argument for each column: its name with underscores for what TensorFlow refuses, made unique.

    Columns that are `renamed` go by that name, and first.
    """
    names: dict[str, str] = {}
    for column in sorted(columns, key=lambda each: each not in renamed):
        name = re.sub(r"[^A-Za-z0-9_]", "_", renamed.get(column, column))
        # The name starts with a letter, and `self` is an argument of TensorFlow's own function.
        name = name if re.match(r"[A-Za-z]", name) and name != "self" else f"column_{name}"
        numbered = itertools.chain([name], (f"{name}_{number}" for number in itertools.count(2)))
        names[column] = next(each for each in numbered if each not in names.values())
    return names


def serving_columns(settings: TransformSettings, spec: Mapping[str, Any]) -> tuple[str, ...]:
    """The raw columns that the features come from; a label's own columns are not among them."""
    if settings.preprocessing_fn is None:
        of_records = {column for feature in settings.features for column in columns_of(feature)}
        return tuple(sorted({*of_records, *settings.images.values()}))

    def features(inputs: Mapping[str, Any]) -> dict[str, Any]:
        return preprocessing.features_of(inputs, settings, {"settings": settings.model_dump_json()})

    return tuple(sorted(tft.get_transform_input_columns(features, {name: _type(each) for name, each in spec.items()})))


def _type(spec: Any) -> tf.TypeSpec:
    if isinstance(spec, tf.io.VarLenFeature):
        return tf.SparseTensorSpec([None, None], spec.dtype)
    return tf.TensorSpec([None, *spec.shape], spec.dtype)


def _answer(head: Head, prediction: Any) -> dict[str, Any]:
    if head.config.task == "regression":
        return {"outputs": prediction}
    is_binary = head.config.task == "binary"
    scores = tf.concat([1.0 - prediction, prediction], axis=1) if is_binary else prediction
    classes = tf.constant(head.classes)
    answer = {"classes": tf.tile(classes[None], [tf.shape(scores)[0], 1]), "scores": scores}
    if is_binary:
        return answer
    best, ids = tf.math.top_k(scores, min(head.config.top_k, len(head.classes)))
    return {**answer, "classes_top": tf.gather(classes, ids), "scores_top": best}


def _lenient(spec: Any) -> Any:
    """A column of fixed shape may be missing when serving; its place is taken by what `columns` knows as missing."""
    if not isinstance(spec, tf.io.FixedLenFeature) or spec.default_value is not None:
        return spec
    missing = np.full(spec.shape, columns.MISSING[spec.dtype])
    return tf.io.FixedLenFeature(spec.shape, spec.dtype, missing.tolist())


def _raw_tensor(name: str, spec: Any) -> tf.TensorSpec:
    return tf.TensorSpec([None], tf.string if spec.dtype == tf.string else tf.float64, name=name)


def _pixel_tensor(name: str) -> tf.TensorSpec:
    return tf.TensorSpec([None, None, None, None], tf.uint8, name=name)


def _column(values: Any, spec: Any) -> Any:
    """A tensor [n] of the raw signature as the transform graph wants it: sparse, or dense of its fixed shape."""
    missing = values == "" if spec.dtype == tf.string else tf.math.is_nan(values)
    if spec.dtype == tf.int64:
        # Rounded: float64 holds integers exactly up to 2^53.
        values = tf.where(
            missing, tf.constant(columns.MISSING[tf.int64], tf.int64), tf.cast(tf.round(values), tf.int64)
        )
    elif spec.dtype == tf.float32:
        values = tf.cast(values, tf.float32)
    if not isinstance(spec, tf.io.VarLenFeature):
        return tf.reshape(values, [-1, *spec.shape])
    rows = tf.where(~missing)
    indices = tf.concat([rows, tf.zeros_like(rows)], axis=1)
    shape = tf.stack([tf.shape(values, tf.int64)[0], tf.constant(1, tf.int64)])
    return tf.SparseTensor(indices, tf.boolean_mask(values, ~missing), shape)
