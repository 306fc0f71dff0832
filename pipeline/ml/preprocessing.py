"""Transform's preprocessing_fn, driven by the feature records of the config.

Numbers leave as float32 and categories as int64 ids, both of shape [batch]; the model encodes the ids. Images pass as
the encoded bytes that they are: pixels would take many times the disk.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from components.signatures import label_key
from pipeline import references
from pipeline.config.features import Cross, Feature, Hashed, Identity, Vocabulary, feature_key
from pipeline.config.settings import WEIGHT_KEY, TransformSettings
from pipeline.ml import columns, labels, numeric
from pipeline.ml.columns import Column

SEPARATOR = "\x1f"
"""Between the values of a cross: ASCII's unit separator, which no value should hold."""


def preprocessing_fn(inputs: Mapping[str, Column], custom_config: Mapping[str, Any]) -> dict[str, Column]:
    """The transformed features, the labels under `label_<head>`, and the example weights under `example_weight`.

    A preprocessing_fn of the user's own takes the place of the features; it may return labels as well.
    """
    settings = TransformSettings.model_validate_json(custom_config["settings"])
    outputs = features_of(inputs, settings, custom_config)
    for label in settings.labels:
        if label_key(label.name) not in outputs:
            outputs[label_key(label.name)] = labels.label(inputs, label)
    if settings.example_weight:
        outputs[WEIGHT_KEY] = columns.number(inputs, settings.example_weight, "trainer.example_weight")
    return outputs


def features_of(
    inputs: Mapping[str, Column], settings: TransformSettings, custom_config: Mapping[str, Any]
) -> dict[str, Column]:
    """The features alone, by the user's own preprocessing_fn or by the records."""
    if settings.preprocessing_fn is None:
        images = {name: columns.encoded(inputs, column) for name, column in settings.images.items()}
        return {**_by_records(settings.features, inputs), **images}
    own = references.load(settings.preprocessing_fn)
    takes_config = "custom_config" in inspect.signature(own).parameters
    return dict(own(inputs, custom_config=custom_config) if takes_config else own(inputs))


def _by_records(features: Sequence[Feature], inputs: Mapping[str, Column]) -> dict[str, Column]:
    numbers = [feature for feature in features if isinstance(feature, numeric.KINDS)]
    transformed = numeric.transform(
        numbers, {feature.column: columns.number(inputs, feature.column, _name(feature)) for feature in numbers}
    )
    return {
        feature_key(feature): transformed[feature.column]
        if isinstance(feature, numeric.KINDS)
        else _CATEGORIES[type(feature)](feature, inputs)
        for feature in features
    }


def _name(feature: Feature) -> str:
    return f"features: {feature.kind} of {feature_key(feature)!r}"


def _filled_text(feature: Vocabulary | Hashed, inputs: Mapping[str, Column]) -> tf.Tensor:
    value = columns.text(inputs, feature.column, _name(feature))
    return value if feature.fill is None else tf.where(value == "", feature.fill, value)


def _vocabulary(feature: Vocabulary, inputs: Mapping[str, Column]) -> tf.Tensor:
    value = _filled_text(feature, inputs)
    if feature.file:
        # An object that TFT tracks takes its file along into the graph's assets.
        return tft.make_and_track_object(lambda: _table(feature), name=feature_key(feature)).lookup(value)
    return tft.compute_and_apply_vocabulary(
        value,
        top_k=feature.top_k,
        num_oov_buckets=feature.oov_buckets,
        vocab_filename=feature_key(feature),
    )


def _table(feature: Vocabulary) -> tf.lookup.StaticVocabularyTable:
    lines = tf.lookup.TextFileInitializer(
        feature.file, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
    )
    return tf.lookup.StaticVocabularyTable(lines, feature.oov_buckets)


def _hashed(feature: Hashed, inputs: Mapping[str, Column]) -> tf.Tensor:
    return tft.hash_strings(_filled_text(feature, inputs), feature.buckets)


def _identity(feature: Identity, inputs: Mapping[str, Column]) -> tf.Tensor:
    value = columns.integer(inputs, feature.column, _name(feature))
    if feature.fill is not None:
        value = tf.where(value == columns.MISSING[tf.int64], tf.constant(feature.fill, tf.int64), value)
    return tf.where((value >= 0) & (value < feature.size), value, tf.constant(feature.size, tf.int64))


def _cross(feature: Cross, inputs: Mapping[str, Column]) -> tf.Tensor:
    values = [columns.text(inputs, column, _name(feature)) for column in feature.columns]
    return tft.hash_strings(tf.strings.join(values, separator=SEPARATOR), feature.buckets)


_CATEGORIES: dict[type, Callable[[Any, Mapping[str, Column]], tf.Tensor]] = {
    Vocabulary: _vocabulary,
    Hashed: _hashed,
    Identity: _identity,
    Cross: _cross,
}
