"""A schema from statistics."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.environments import SERVING, TRAINING
from components.schema_gen import with_images
from components.statistics.features import top_name
from components.statistics.files import Statistics

VALUES = 100
"""A text of more values has no list of them."""
_RARE = 0.05
"""Text of which more than this share of rows is a value seen once has none, either."""
_ROOM = 3
"""How many times as many rare values as there were a list leaves room for."""


def infer(statistics: Statistics, unserved: Collection[str], images: Iterable[str]) -> schema_pb2.Schema:
    """What TFDV makes of the statistics, in two environments, with lists of values that hold for rows to come.

    Args:
        unserved: columns that serving does not see.
        images: columns that the statistics leave out.
    """
    found = tfdv.infer_schema(statistics, infer_feature_shape=False, max_string_domain_size=VALUES)
    found.default_environment.extend([TRAINING, SERVING])
    seen = {top_name(each): each for each in statistics.datasets[0].features}
    for feature in found.feature:
        if feature.domain:
            _leave_room(found, feature, seen[feature.name].string_stats)
        if feature.HasField("bool_domain") and _is_one_number(seen[feature.name]):
            # Nothing but ones is a count, as likely.
            feature.ClearField("bool_domain")
        if _common(seen[feature.name]).max_num_values == 1:
            # TFDV says so only where none is missing.
            feature.value_count.max = 1
        if feature.name in unserved:
            feature.not_in_environment.append(SERVING)
    return with_images(found, images)


def _leave_room(schema: schema_pb2.Schema, feature: schema_pb2.Feature, found: statistics_pb2.StringStatistics) -> None:
    """Make the list of values that TFDV infers for each text hold for rows to come.

    As many rows to come as there are rows whose value occurs once will have a value that is not there (Good 1953).
    Those values are no part of the list, and the list need not cover all rows.
    """
    counts = {bucket.label: bucket.sample_count for bucket in found.rank_histogram.buckets}
    once = [value for value, count in counts.items() if count == 1]
    if not once:
        return
    rare = len(once) / sum(counts.values())
    [domain] = [each for each in schema.string_domain if each.name == feature.domain]
    if rare > _RARE:
        schema.string_domain.remove(domain)
        feature.ClearField("domain")
        return
    for value in once:
        domain.value.remove(value)
    feature.distribution_constraints.min_domain_mass = math.floor((1 - _ROOM * rare) * 100) / 100


def _is_one_number(feature: statistics_pb2.FeatureNameStatistics) -> bool:
    return feature.HasField("num_stats") and feature.num_stats.min == feature.num_stats.max


def _common(feature: statistics_pb2.FeatureNameStatistics) -> statistics_pb2.CommonStatistics:
    kind = feature.WhichOneof("stats")
    common: statistics_pb2.CommonStatistics = getattr(feature, kind).common_stats
    return common
