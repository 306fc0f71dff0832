"""Which span an artifact is of. Imports nothing heavy: resolvers run where TensorFlow is not loaded."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tfx.types.artifact import Artifact

from components.artifacts import SPAN

INGESTION = "ingestion"
"""Custom property of Examples: equal for spans that were made in the same way and may be used together."""


def ingestion(path: str, format: str, settings: Mapping[str, Any]) -> str:
    """Names what decides which records the spans of `path` become: the value of INGESTION."""
    told = {key: value for key, value in settings.items() if key not in ("range_bytes", "bad_rows")}
    return hashlib.sha256(json.dumps([path, format, told], sort_keys=True).encode()).hexdigest()[:16]


def span_of(artifact: Artifact) -> int:
    """The span, which ExampleGens keep in a custom property; 0 where there are none."""
    if artifact.has_custom_property(SPAN):
        return artifact.get_int_custom_property(SPAN)
    return int(artifact.span or 0)


def newest_first(artifacts: Sequence[Artifact]) -> list[Artifact]:
    """By span: the launcher hands on what a resolver has found in the order of the store."""
    return sorted(artifacts, key=span_of, reverse=True)


def newest_by_span(artifacts: Iterable[Artifact]) -> dict[int, Artifact]:
    """Of each span the artifact that was made last."""
    return {span_of(artifact): artifact for artifact in sorted(artifacts, key=lambda each: each.id)}
