"""TFDV's own measures, by TFDV itself: what a schema's comparators would be held against."""

from collections.abc import Collection, Mapping

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from components.statistics.features import name_of

L_INFINITY = "l_infinity"
JENSEN_SHANNON = "jensen_shannon_divergence"
ABSOLUTE_DIFFERENCE = "normalized_abs_difference"

_Type = anomalies_pb2.DriftSkewInfo.Measurement.Type
_NAMES = {
    _Type.L_INFTY: L_INFINITY,
    _Type.JENSEN_SHANNON_DIVERGENCE: JENSEN_SHANNON,
    _Type.NORMALIZED_ABSOLUTE_DIFFERENCE: ABSOLUTE_DIFFERENCE,
}


def measure(
    baseline: statistics_pb2.DatasetFeatureStatistics,
    current: statistics_pb2.DatasetFeatureStatistics,
    counted: Collection[str],
    numeric: Collection[str],
) -> dict[str, Mapping[str, float]]:
    """{feature: {measure: value}}, in [0, 1].

    Args:
        baseline, current: the two sides.
        counted: features whose values are counted one by one on both sides; the only ones that L-infinity and the
            absolute difference mean something for (of a number TFDV says 0.0).
        numeric: features with a histogram on both sides.
    """
    types = {name_of(each): each.type for each in current.features}
    schema = schema_pb2.Schema()
    for name in (*counted, *numeric):
        # A statistics' type has the schema's name, but for bytes that are text there.
        kind = statistics_pb2.FeatureNameStatistics.Type.Name(types[name])
        feature = schema.feature.add(name=name, type="BYTES" if kind == "STRING" else kind)
        feature.drift_comparator.jensen_shannon_divergence.threshold = 1.0
        if name in counted:
            feature.drift_comparator.infinity_norm.threshold = 1.0
            feature.drift_comparator.normalized_abs_difference.threshold = 1.0
    found = tfdv.validate_statistics(_list(current), schema, previous_statistics=_list(baseline))
    return {
        ".".join(each.path.step): {_NAMES[one.type]: one.value for one in each.drift_measurements}
        for each in found.drift_skew_info
    }


def _list(statistics: statistics_pb2.DatasetFeatureStatistics) -> statistics_pb2.DatasetFeatureStatisticsList:
    """A schema finds what lies within a struct by its path only: here its name stands for it."""
    found = statistics_pb2.DatasetFeatureStatisticsList(datasets=[statistics])
    for feature in found.datasets[0].features:
        if len(feature.path.step) > 1:
            feature.path.step[:] = [name_of(feature)]
    # Slices are compared one at a time, each as if it were the whole.
    found.datasets[0].name = ""
    return found
