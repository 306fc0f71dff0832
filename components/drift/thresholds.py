"""How far a feature may move: what the schema says of it, or else what fits its type.

TFDV's measures are set by its own comparators. The others have no field in a schema, so that they stand among the tags
of the feature, with the same meaning:

    feature {
      name: "fare"
      drift_comparator { jensen_shannon_divergence { threshold: 0.1 } }
      annotation { tag: "drift:kolmogorov_smirnov=0.1" }
    }
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Optional

from tensorflow_metadata.proto.v0 import schema_pb2

from components.drift.catalogue import COMPARATORS, MEASURES
from components.errors import InputError, close_matches

Kind = Literal["drift", "skew"]

_TAGGED = tuple(key for key, each in MEASURES.items() if each.of_tfdv is None)
_TAG = re.compile(r"(?P<kind>drift|skew):(?P<measure>[^=]*)(=(?P<threshold>.*))?")
_UNCHECKED = (
    schema_pb2.PLANNED,
    schema_pb2.ALPHA,
    schema_pb2.DEPRECATED,
    schema_pb2.DEBUG_ONLY,
    schema_pb2.DISABLED,
)
"""The stages of which TFDV checks nothing."""
_NUMBER = re.compile(r"\d+(\.\d+)?(e-?\d+)?")


@dataclass(frozen=True)
class Threshold:
    """The most that `measure` may be."""

    measure: str
    value: float
    from_schema: bool

    @property
    def title(self) -> str:
        """The measure's name for people."""
        return MEASURES[self.measure].title


def of_schema(schema: Optional[schema_pb2.Schema], kind: Kind) -> dict[str, list[Threshold]]:
    """The schema's thresholds by feature, for drift over time or for skew between training and serving.

    Raises:
        InputError: a tag that begins with "drift:" or "skew:" names no measure or no number.
    """
    if schema is None:
        return {}
    return {name: _of_feature(name, feature, kind) for name, feature in _named(schema.feature)}


def names(schema: schema_pb2.Schema) -> list[str]:
    """The features that the schema describes: of those within a struct, steps joined by dots."""
    return [name for name, _ in _named(schema.feature)]


def unchecked(schema: Optional[schema_pb2.Schema]) -> set[str]:
    """The features that are checked for nothing, as TFDV does with some stages, with what lies within them."""
    found = [each for each in _named(schema.feature) if _is_unchecked(each[1])] if schema else []
    return {name for top, feature in found for name, _ in _named([feature], top.removesuffix(feature.name))}


def _is_unchecked(feature: schema_pb2.Feature) -> bool:
    return feature.lifecycle_stage in _UNCHECKED or bool(feature.deprecated)


def _named(described: Iterable[schema_pb2.Feature], within: str = "") -> Iterator[tuple[str, schema_pb2.Feature]]:
    for feature in described:
        name = f"{within}{feature.name}"
        yield name, feature
        yield from _named(feature.struct_domain.feature, f"{name}.")


def _of_feature(name: str, feature: schema_pb2.Feature, kind: Kind) -> list[Threshold]:
    comparator = feature.drift_comparator if kind == "drift" else feature.skew_comparator
    found = [
        Threshold(measure, getattr(comparator, field).threshold, True)
        for measure, field in COMPARATORS.items()
        if comparator.HasField(field)
    ]
    tagged = [_tagged(name, match) for tag in feature.annotation.tag if (match := _TAG.fullmatch(tag))]
    return found + [threshold for of, threshold in tagged if of == kind]


def _tagged(name: str, tag: re.Match[str]) -> tuple[str, Threshold]:
    if tag["measure"] not in _TAGGED:
        raise InputError(
            f"schema, feature {name!r}: tag {tag[0]!r} names no measure; there are {', '.join(_TAGGED)}."
            + close_matches(tag["measure"], _TAGGED)
        )
    if not _NUMBER.fullmatch(tag["threshold"] or ""):
        raise InputError(
            f"schema, feature {name!r}: tag {tag[0]!r} must end in = and a number of at least 0, "
            f"as in {tag['kind']}:{tag['measure']}=0.1"
        )
    return tag["kind"], Threshold(tag["measure"], float(tag["threshold"]), True)
