"""One feature of a schema, loosened so far that it admits some data."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.statistics.features import top_name
from components.statistics.files import Statistics
from pipeline.schema.infer import VALUES, infer


@dataclass(frozen=True)
class Admission:
    """A feature that admits the data.

    Attributes:
        before: None for a feature that the schema does not have.
        new_values: what its list of values lacks.
        opened: instead of getting more than VALUES of these, it has no list any more.
    """

    before: schema_pb2.Feature | None
    after: schema_pb2.Feature
    new_values: Sequence[str] = ()
    opened: bool = False

    def put_into(self, schema: schema_pb2.Schema) -> None:
        """Change the feature and its list of values, or add them."""
        feature = next((each for each in schema.feature if each.name == self.after.name), None) or schema.feature.add()
        feature.CopyFrom(self.after)
        if not feature.domain or not self.new_values:
            return
        domain = next((each for each in schema.string_domain if each.name == feature.domain), None)
        if domain is None:
            domain = schema.string_domain.add(name=feature.domain)
        _add(domain, self.new_values)


def admit(schema: schema_pb2.Schema, name: str, splits: Sequence[Statistics], unserved: Collection[str]) -> Admission:
    """The feature called `name`, as TFDV would update it for the statistics of all splits.

    TFDV gives up a feature whose type has changed, or that one split lacks. Here it takes the new type, and becomes
    optional; only what no split has is given up.
    """
    before = next((feature for feature in schema.feature if feature.name == name), None)
    alone = [_of(name, each) for each in splits]
    seen = [each for each in alone if each.datasets[0].features]
    if before is not None and not seen:
        gone = schema_pb2.Feature()
        gone.CopyFrom(before)
        gone.lifecycle_stage = schema_pb2.DEPRECATED
        return Admission(before, gone)
    inferred = infer(seen[0], unserved, ())
    updated = _updated(_alone(schema, before, inferred), inferred, seen)
    after = updated.feature[0]
    if len(seen) < len(splits):
        after.ClearField("presence")
    elif before is not None and after.presence.min_fraction < before.presence.min_fraction:
        # As people write it, and never above what there is.
        after.presence.min_fraction = math.floor(after.presence.min_fraction * 1e4) / 1e4
    known = _values(schema, before) if before is not None else []
    new = sorted(set(_values(updated, after)) - set(known))
    if before is not None and len(new) > VALUES:
        after.ClearField("domain")
        after.ClearField("string_domain")
        return Admission(before, after, (), opened=True)
    if after.HasField("string_domain"):
        del after.string_domain.value[:]
        after.string_domain.value.extend(known)
        _add(after.string_domain, new)
    return Admission(before, after, new)


def _of(name: str, statistics: Statistics) -> Statistics:
    """The statistics of one feature, and of what it holds."""
    whole = statistics.datasets[0]
    one = statistics_pb2.DatasetFeatureStatistics(num_examples=whole.num_examples)
    one.features.extend(each for each in whole.features if top_name(each) == name)
    return Statistics(datasets=[one])


def _alone(
    schema: schema_pb2.Schema, before: schema_pb2.Feature | None, inferred: schema_pb2.Schema
) -> schema_pb2.Schema:
    """A schema of that feature, beside all lists of values."""
    alone = schema_pb2.Schema(string_domain=schema.string_domain, default_environment=schema.default_environment)
    if before is not None:
        alone.feature.append(before)
        return alone
    feature = alone.feature.add()
    feature.CopyFrom(inferred.feature[0])
    taken = {each.name for each in schema.string_domain}
    for domain in inferred.string_domain:
        while domain.name in taken:
            domain.name += "_"
        feature.domain = domain.name
        alone.string_domain.append(domain)
    if not set(feature.not_in_environment) <= set(schema.default_environment):
        feature.ClearField("not_in_environment")
    return alone


def _updated(alone: schema_pb2.Schema, inferred: schema_pb2.Schema, seen: Sequence[Statistics]) -> schema_pb2.Schema:
    for statistics in seen:
        updated = tfdv.update_schema(alone, statistics, max_string_domain_size=VALUES)
        if updated.feature[0].lifecycle_stage == schema_pb2.DEPRECATED:
            updated = tfdv.update_schema(_retyped(alone, inferred), statistics, max_string_domain_size=VALUES)
        alone = updated
    return alone


def _retyped(alone: schema_pb2.Schema, inferred: schema_pb2.Schema) -> schema_pb2.Schema:
    """With the type of the inferred feature; what was said of values of another type goes."""
    result = schema_pb2.Schema()
    result.CopyFrom(alone)
    feature, found = result.feature[0], inferred.feature[0]
    feature.type = found.type
    for each in (feature.WhichOneof("domain_info"), "distribution_constraints"):
        if each:
            feature.ClearField(each)
    return result


def _values(schema: schema_pb2.Schema, feature: schema_pb2.Feature) -> list[str]:
    if feature.HasField("string_domain"):
        return list(feature.string_domain.value)
    return [value for each in schema.string_domain if each.name == feature.domain for value in each.value]


def _add(domain: schema_pb2.StringDomain, values: Sequence[str]) -> None:
    """A list that is in alphabetical order stays so."""
    known = list(domain.value)
    every = [*known, *(value for value in values if value not in known)]
    del domain.value[:]
    domain.value.extend(sorted(every) if known == sorted(known) else every)
