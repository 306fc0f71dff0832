"""TFDV's own measures, by TFDV itself: what a schema's comparators would be held against."""

from collections.abc import Collection, Iterable, Mapping

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from components.batches import batches
from components.drift.catalogue import MEASURES
from components.statistics.features import name_of

_type_of = anomalies_pb2.DriftSkewInfo.Measurement.Type.Name
_OF_TFDV = [each.of_tfdv for each in MEASURES.values() if each.of_tfdv]
_KEYS = {each.of_tfdv.measurement: key for key, each in MEASURES.items() if each.of_tfdv}
_TOGETHER = 100
"""Features that TFDV validates at once: the time for each grows with how many there are."""


def measure(
    baseline: statistics_pb2.DatasetFeatureStatistics,
    current: statistics_pb2.DatasetFeatureStatistics,
    counted: Collection[str],
    numeric: Collection[str],
) -> dict[str, Mapping[str, float]]:
    """{feature: {measure: value}}, in [0, 1].

    Args:
        baseline, current: the two sides.
        counted: features whose values are counted one by one on both sides.
        numeric: features with a histogram on both sides.
    """
    before, after = ({name_of(each): each for each in side.features} for side in (baseline, current))
    found: dict[str, Mapping[str, float]] = {}
    for names in batches([*counted, *numeric], _TOGETHER):
        previous = _list(baseline, [before[name] for name in names])
        newest = _list(current, [after[name] for name in names])
        schema = _schema([after[name] for name in names], counted)
        measured = tfdv.validate_statistics(newest, schema, previous_statistics=previous).drift_skew_info
        found |= {
            ".".join(each.path.step): {_KEYS[_type_of(one.type)]: one.value for one in each.drift_measurements}
            for each in measured
        }
    return found


def _schema(features: Iterable[statistics_pb2.FeatureNameStatistics], counted: Collection[str]) -> schema_pb2.Schema:
    """With a comparator for all that there is of each feature."""
    schema = schema_pb2.Schema()
    for each in features:
        # A statistics' type has the schema's name, but for bytes that are text there.
        kind = statistics_pb2.FeatureNameStatistics.Type.Name(each.type)
        feature = schema.feature.add(name=name_of(each), type="BYTES" if kind == "STRING" else kind)
        for measure in _OF_TFDV:
            if measure.of_numbers or feature.name in counted:
                getattr(feature.drift_comparator, measure.comparator).threshold = 1.0
    return schema


def _list(
    data: statistics_pb2.DatasetFeatureStatistics, features: Iterable[statistics_pb2.FeatureNameStatistics]
) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Some features of a data set. Slices are compared one at a time, each as if it were the whole, without a name.

    A schema finds what lies within a struct by its path only: here its name stands for it.
    """
    found = statistics_pb2.DatasetFeatureStatistics(
        num_examples=data.num_examples, weighted_num_examples=data.weighted_num_examples
    )
    found.features.extend(features)
    for feature in found.features:
        if len(feature.path.step) > 1:
            feature.path.step[:] = [name_of(feature)]
    return statistics_pb2.DatasetFeatureStatisticsList(datasets=[found])
