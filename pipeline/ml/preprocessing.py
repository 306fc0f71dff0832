"""Transform's preprocessing_fn, driven by the feature records of the config.

Numbers leave as float32 and categories as int64 ids, both of shape [batch]; the model encodes the ids.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Optional

import tensorflow as tf
import tensorflow_transform as tft

from pipeline import references
from pipeline.config import (
    Buckets,
    Cross,
    Feature,
    Hashed,
    Identity,
    MinMax,
    Numeric,
    TransformSettings,
    Vocabulary,
    ZScore,
    feature_key,
)
from pipeline.config.settings import WEIGHT_KEY, label_key
from pipeline.ml import columns, labels
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
        return {feature_key(feature): _TRANSFORMS[type(feature)](feature, inputs) for feature in settings.features}
    own = references.load(settings.preprocessing_fn)
    takes_config = "custom_config" in inspect.signature(own).parameters
    return dict(own(inputs, custom_config=custom_config) if takes_config else own(inputs))


def _name(feature: Feature) -> str:
    return f"features: {feature.kind} of {feature_key(feature)!r}"


def _filled_number(feature: Numeric | ZScore | MinMax | Buckets, inputs: Mapping[str, Column]) -> _Number:
    value = columns.number(inputs, feature.column, _name(feature))
    missing = tf.math.is_nan(value)
    return _Number(value, missing, tf.boolean_mask(value, ~missing), feature.fill)


class _Number:
    """A numeric column: what is there, and what takes the place of what is not."""

    def __init__(self, value: tf.Tensor, missing: tf.Tensor, present: tf.Tensor, fill: Optional[float]) -> None:
        self.present = present
        """The values that are there, shape [at most batch]; analyzers look at these."""
        self._value, self._missing, self._fill = value, missing, fill

    def mean(self) -> tf.Tensor:
        """Mean of the training split, scalar; 0 where it has no value at all."""
        mean = tft.mean(self.present)
        return tf.where(tf.math.is_nan(mean), 0.0, mean)

    def filled(self, mean: Optional[tf.Tensor] = None) -> tf.Tensor:
        """The column without holes, shape [batch]."""
        if self._fill is not None:
            return tf.where(self._missing, tf.constant(self._fill, tf.float32), self._value)
        return tf.where(self._missing, self.mean() if mean is None else mean, self._value)


def _numeric(feature: Numeric, inputs: Mapping[str, Column]) -> tf.Tensor:
    return _filled_number(feature, inputs).filled()


def _z_score(feature: ZScore, inputs: Mapping[str, Column]) -> tf.Tensor:
    number = _filled_number(feature, inputs)
    mean = number.mean()
    return tf.math.divide_no_nan(number.filled(mean) - mean, tf.sqrt(tft.var(number.present)))


def _min_max(feature: MinMax, inputs: Mapping[str, Column]) -> tf.Tensor:
    number = _filled_number(feature, inputs)
    low, high = tft.min(number.present), tft.max(number.present)
    return tf.math.divide_no_nan(number.filled() - low, high - low)


def _buckets(feature: Buckets, inputs: Mapping[str, Column]) -> tf.Tensor:
    number = _filled_number(feature, inputs)
    if feature.boundaries is not None:
        return tft.apply_buckets(number.filled(), tf.constant([feature.boundaries], tf.float32))
    assert feature.count is not None
    # The error that tft.bucketize allows itself.
    boundaries = tft.quantiles(number.present, feature.count, epsilon=min(1.0 / feature.count, 0.01))
    return tft.apply_buckets(number.filled(), boundaries)


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


_TRANSFORMS: dict[type, Callable[[Any, Mapping[str, Column]], tf.Tensor]] = {
    Numeric: _numeric,
    ZScore: _z_score,
    MinMax: _min_max,
    Buckets: _buckets,
    Vocabulary: _vocabulary,
    Hashed: _hashed,
    Identity: _identity,
    Cross: _cross,
}
