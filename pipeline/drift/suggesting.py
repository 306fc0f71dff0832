"""`millrace drift suggest`: thresholds from the spans seen so far, as a change of a schema."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.drift.catalogue import COMPARATORS, MEASURES
from components.drift.suggest import suggest
from components.errors import InputError, NoBaselineError
from components.statistics.files import read
from components.statistics.slices import whole
from pipeline.config import Config
from pipeline.drift.spans import usual
from pipeline.paths import absolute
from pipeline.statistics.sources import Reading, statistics

History = Sequence[tuple[str, statistics_pb2.DatasetFeatureStatistics]]


@dataclasses.dataclass(frozen=True)
class Past:
    """What was usual so far.

    Attributes:
        refused: spans that were there and are left out, as a gate stopped them.
    """

    history: History
    refused: Sequence[int]


def of_config(config: Config) -> Past:
    """The training splits of the spans that runs of the config have counted, oldest first.

    Raises:
        NoBaselineError: no run has counted any.
    """
    found = usual(config, config.root_path)
    if not (found.files or found.refused):
        raise NoBaselineError(
            f"{config.root_path}: no run of {config.name} has counted a span yet. `millrace run` does, or name "
            "statistics or data, oldest first"
        )
    return Past([(f"span {span}", whole(read(path))) for span, path in found.files], found.refused)


def of_paths(paths: Sequence[str], reading: Reading) -> Past:
    """The statistics of each path, in this order."""
    history = [(path, whole(statistics(absolute(path), reading))) for path in paths]
    return Past(history, [])


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
