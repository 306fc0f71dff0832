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

import json
import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Optional

import keras
import numpy as np
import tensorflow as tf
from tfx.dsl.io import fileio

from components import signatures
from pipeline.config.settings import WEIGHT_KEY, TransformSettings
from pipeline.ml import prepared
from pipeline.ml.heads import Head
from pipeline.ml.images import decode
from pipeline.ml.serving_columns import column_of, input_names, lenient, pixel_tensor, raw_tensor, serving_columns
from pipeline.ml.transform_graph import TransformGraph

Tensors = Mapping[str, Any]
COLUMNS_FILE = os.path.join("assets.extra", "columns.json")
EXAMPLES = tf.TensorSpec([None], tf.string, name="examples")


class Servable(tf.Module):
    """A model together with its preprocessing, from raw columns to answers."""

    def __init__(
        self,
        model: keras.Model,
        data: prepared.Data,
        settings: TransformSettings,
        extractor: Optional[keras.Model] = None,
    ) -> None:
        super().__init__()
        self.model, self.extractor = model, extractor
        self.transform = TransformGraph(data.transform)
        self._inputs, self._heads = data.inputs, data.heads
        self._spec = data.transform.raw_feature_spec()
        self.columns = serving_columns(settings, self._spec)
        self._images = {name: column for name, column in settings.images.items() if column in self.columns}
        # What a preprocessing_fn of one's own does to an image, it does to the bytes.
        self._takes_pixels = bool(self._images) and settings.preprocessing_fn is None
        self._label_keys = [signatures.label_key(head.name) for head in self._heads]
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
            specs = {name: lenient(each) for name, each in spec.items()}
            traced = tf.function(lambda examples: function(tf.io.parse_example(examples, specs)), autograph=False)
            return traced.get_concrete_function(EXAMPLES)

        found = {
            signatures.SERVING: of_examples(self.answer, serving),
            signatures.RAW: self._of_columns(input_names(self.columns)),
            signatures.FEATURES: of_examples(self.features, serving),
            signatures.LABELS: of_examples(self.labels, self._spec),
            signatures.EVALUATE: of_examples(self.predict, serving),
        }
        if self.extractor is not None:
            found[signatures.EMBEDDINGS] = of_examples(self.embedding, serving)
        if self._images:
            found[signatures.BYTES] = self._of_columns(self._names(signatures.BYTES))
        if self._takes_pixels:
            names = self._names(signatures.PIXELS)
            pixels_of = {feature: names[column] for feature, column in self._images.items()}
            found[signatures.PIXELS] = self._of_columns(names, pixels_of)
        return found

    def _names(self, images_as: str) -> dict[str, str]:
        """The argument for each column, where that of an image ends in what it comes as."""
        images = self._images.values()
        return input_names(self.columns, {each: f"{each.removesuffix('/encoded')}_{images_as}" for each in images})

    def _of_columns(self, names: Mapping[str, str], pixels_of: Mapping[str, str] = MappingProxyType({})) -> Any:
        """The concrete function of one argument per raw column, by `names`; `pixels_of` are those that bring pixels."""
        tensors = {name: raw_tensor(name, self._spec[column]) for column, name in names.items()}
        tensors.update({name: pixel_tensor(name) for name in pixels_of.values()})

        def answer(**values: Any) -> dict[str, Any]:
            pixels = {feature: values[name] for feature, name in pixels_of.items()}
            # Transform wants the bytes that pixels never had.
            values.update({name: tf.fill([tf.shape(values[name])[0]], "") for name in pixels_of.values()})
            raw = {column: column_of(values[name], self._spec[column]) for column, name in names.items()}
            return self.answer(raw, pixels)

        return tf.function(answer, autograph=False).get_concrete_function(**tensors)


def export(
    folder: str,
    model: keras.Model,
    data: prepared.Data,
    settings: TransformSettings,
    extractor: Optional[keras.Model] = None,
) -> None:
    """Write the SavedModel, and which column each input of `raw` is."""
    servable = Servable(model, data, settings, extractor)
    tf.saved_model.save(servable, folder, signatures=servable.signatures())
    path = os.path.join(folder, COLUMNS_FILE)
    fileio.makedirs(os.path.dirname(path))
    with fileio.open(path, "w") as file:
        file.write(json.dumps({name: column for column, name in input_names(servable.columns).items()}, indent=2))


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
