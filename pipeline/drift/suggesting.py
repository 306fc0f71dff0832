"""`millrace drift suggest`: thresholds from the spans seen so far, as a change of a schema."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping, Sequence

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.drift.catalogue import COMPARATORS, MEASURES
from components.drift.suggest import suggest
from components.errors import InputError, NoBaselineError
from components.statistics.files import read
from components.statistics.slices import whole
from pipeline.config import Config
from pipeline.drift.spans import statistics_by_span
from pipeline.statistics.sources import Reading, statistics

History = Sequence[tuple[str, statistics_pb2.DatasetFeatureStatistics]]


def of_config(config: Config) -> History:
    """The training splits of all spans that runs of the config have counted, oldest first.

    Raises:
        NoBaselineError: no run has counted any.
    """
    files = statistics_by_span(config, config.root_path)
    if not files:
        raise NoBaselineError(
            f"{config.root_path}: no run of {config.name} has counted a span yet. `millrace run` does, or name "
            "statistics or data, oldest first"
        )
    return [(f"span {span}", whole(read(path))) for span, path in files]


def of_paths(paths: Sequence[str], reading: Reading) -> History:
    """The statistics of each path, in this order."""
    return [(path, whole(statistics(os.path.abspath(path), reading))) for path in paths]


@dataclasses.dataclass(frozen=True)
class Patch:
    """A schema with suggested thresholds.

    Attributes:
        missing: features that it does not have.
        unbounded: features with a measure by which they have moved so far that no threshold could be exceeded.
    """

    schema: schema_pb2.Schema
    missing: Sequence[str]
    unbounded: Sequence[str]


def patched(schema: schema_pb2.Schema, history: History) -> Patch:
    """The schema with the thresholds that these spans suggest.

    Raises:
        NoBaselineError: there are too few spans.
        InputError: the schema has none of the features.
    """
    found = suggest(history)
    suggested = found.thresholds
    result = schema_pb2.Schema()
    result.CopyFrom(schema)
    for feature in result.feature:
        if feature.lifecycle_stage != schema_pb2.DEPRECATED:
            _put(feature, suggested.get(feature.name, {}))
    missing = sorted(suggested.keys() - {feature.name for feature in schema.feature})
    if len(missing) == len(suggested):
        raise InputError(f"the schema is for other data: it has none of {', '.join(missing[:5])}")
    unbounded = [
        f"{feature} by {MEASURES[measure].title}" for feature, measure in found.unbounded if feature not in missing
    ]
    return Patch(result, missing, unbounded)


def _put(feature: schema_pb2.Feature, suggested: Mapping[str, float]) -> None:
    """In the place of earlier thresholds by the same measures; those by others stay."""
    for measure, value in suggested.items():
        if field := COMPARATORS.get(measure):
            getattr(feature.drift_comparator, field).threshold = value
            continue
        tags = list(feature.annotation.tag)
        text = f"drift:{measure}={value:g}"
        places = [place for place, tag in enumerate(tags) if re.match(f"drift:{measure}\\b", tag)]
        del feature.annotation.tag[:]
        feature.annotation.tag.extend(text if place in places[:1] else tag for place, tag in enumerate(tags))
        if not places:
            feature.annotation.tag.append(text)
