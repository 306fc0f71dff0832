"""Joins the examples of two data sets on a key: TFDV's feature skew detector, run by Beam."""

import dataclasses
import os
from collections.abc import Collection, Mapping, Sequence
from typing import Union

import apache_beam as beam
import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions
from tensorflow_data_validation.skew import feature_skew_detector as detector
from tensorflow_data_validation.skew.protos import feature_skew_results_pb2
from tfx.dsl.io import fileio

from components.drift.row_skew import THRESHOLD, FeatureSkew, RowPair, RowSkew

_LONGEST = 80
_EVERY = "millrace:every"
"""A column that all rows get: in how many pairs it is the same is how many there are. TFDV's own count has those of
keys in it that occur more than once, which it does not compare."""


@dataclasses.dataclass(frozen=True)
class Joining:
    """How rows are compared.

    Attributes:
        key: the columns that tell which rows are the same.
        mixed: columns that are of whole numbers on one side and of fractions on the other: 4 is 4.0.
        ignored: columns in which rows may differ.
        shown: how many pairs that differ are kept.
    """

    key: Sequence[str]
    mixed: Collection[str]
    ignored: Collection[str]
    shown: int


def join(baseline: str, current: str, how: Joining, folder: str, beam_args: Sequence[str]) -> RowSkew:
    """Compare the rows that have the same key.

    Args:
        baseline, current: patterns of TFRecord files of tf.Examples.
        folder: where all of Beam's workers can write.
    """
    place = os.path.join(folder, "rows")
    features, pairs, stats = (os.path.join(place, name) for name in ("features", "pairs", "stats"))
    with beam.Pipeline(options=PipelineOptions(list(beam_args))) as pipeline:
        sides = [
            pipeline
            | f"Read{name}" >> beam.io.ReadFromTFRecord(pattern, coder=beam.coders.ProtoCoder(tf.train.Example))
            | f"Floats{name}" >> beam.Map(_as_floats, how.mixed)
            | f"Every{name}" >> beam.Map(_counted)
            for name, pattern in (("Baseline", baseline), ("Current", current))
        ]
        found = tuple(sides) | detector.DetectFeatureSkewImpl(list(how.key), list(how.ignored), how.shown)
        _ = found[detector.SKEW_RESULTS_KEY] | "WriteFeatures" >> detector.skew_results_sink(features)
        _ = found[detector.SKEW_PAIRS_KEY] | "WritePairs" >> detector.skew_pair_sink(pairs)
        _ = found[detector.MATCH_STATS_KEY] | "WriteStats" >> detector.match_stats_sink(stats)
    [matches] = detector.match_stats_iterator(stats)
    skews = {each.feature_name: _feature(each) for each in detector.skew_results_iterator(features)}
    rows = [_pair(each, how.key) for each in detector.skew_pair_iterator(pairs)]
    fileio.rmtree(place)
    every = skews.pop(_EVERY, None)
    return RowSkew(
        tuple(how.key),
        every.pairs if every else 0,
        matches.ids_missing_in_test_count,
        matches.ids_missing_in_base_count,
        matches.duplicate_id_count,
        matches.base_missing_id_count + matches.test_missing_id_count,
        THRESHOLD,
        sorted(skews.values(), key=lambda each: (-each.share, each.name)),
        rows,
    )


def _counted(example: tf.train.Example) -> tf.train.Example:
    example.features.feature[_EVERY].int64_list.value[:] = [1]
    return example


def _as_floats(example: tf.train.Example, columns: Collection[str]) -> tf.train.Example:
    for name in columns:
        feature = example.features.feature.get(name)
        if feature is not None and feature.WhichOneof("kind") == "int64_list":
            # Naming the floats empties the whole numbers: they are one of a kind.
            values = [float(each) for each in feature.int64_list.value]
            feature.float_list.value[:] = values
    return example


def _feature(found: feature_skew_results_pb2.FeatureSkew) -> FeatureSkew:
    return FeatureSkew(found.feature_name, found.match_count, found.mismatch_count, found.base_only, found.test_only)


def _pair(found: feature_skew_results_pb2.SkewPair, key: Sequence[str]) -> RowPair:
    """The key, and what differs."""
    names = [*key, *sorted([*found.mismatched_features, *found.base_only_features, *found.test_only_features])]
    return RowPair(*(_shown(example, names) for example in (found.base, found.test)))


def _shown(serialized: bytes, names: Sequence[str]) -> Mapping[str, str]:
    features = tf.train.Example.FromString(serialized).features.feature
    return {name: _text(features[name]) for name in names if name in features}


def _text(feature: tf.train.Feature) -> str:
    kind = feature.WhichOneof("kind")
    values = getattr(feature, kind).value if kind else []
    return ", ".join(map(_one, values))[:_LONGEST]


def _one(value: Union[bytes, int, float]) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    # A float of an Example has seven digits that count.
    return f"{value:.7g}" if isinstance(value, float) else str(value)
