"""What the commands of `millrace schema` do."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from tensorflow_metadata.proto.v0 import schema_pb2

from components.errors import InputError, close_matches
from pipeline.config import Config
from pipeline.schema import files
from pipeline.schema.infer import infer as infer_from
from pipeline.schema.labels import unserved
from pipeline.schema.newest import Span, newest
from pipeline.schema.suggest import Suggestion, accepted, remaining, suggest

_ABOUT = """\
Inferred by `millrace schema infer` from {origin}: read it, correct it, and keep it beside the code.
A list of values holds those seen more than once; min_domain_mass leaves room for others. Ranges are for you to add, as
in int_domain {{ min: 0 max: 23 }}. What is not_in_environment "SERVING" is known in training only."""


@dataclass(frozen=True)
class Difference:
    """A curated schema against the newest span.

    Attributes:
        by_hand: what would be wrong even if all suggestions were accepted.
    """

    path: str
    schema: schema_pb2.Schema
    span: Span
    suggestions: Sequence[Suggestion]
    by_hand: Sequence[str]


def infer(config: Config, path: str) -> tuple[schema_pb2.Schema, Span]:
    """Write a schema that admits the newest span: inferred from its training split, loosened for its other ones.

    Raises:
        InputError: there is a file, or no data.
    """
    files.check_new(path)  # before anything is counted
    span = newest(config)
    labels = unserved(config, span.train.datasets[0])
    schema = infer_from(span.train, labels, config.image_columns)
    schema = accepted(schema, suggest(schema, span.splits, labels))
    files.create(path, schema, _ABOUT.format(origin=span.origin))
    return schema, span


def difference(config: Config) -> Difference:
    """The config's curated schema against its newest span.

    Raises:
        InputError: there is no schema, it is broken or for other data, or there is no data.
    """
    path = files.path_of(config)
    schema = files.curated(config)
    span = newest(config)
    try:
        suggestions = suggest(schema, span.splits, unserved(config, span.train.datasets[0]))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return Difference(path, schema, span, suggestions, remaining(accepted(schema, suggestions), span.splits))


def accept(found: Difference, names: Sequence[str]) -> list[str]:
    """Change the schema's file as suggested for the features called so, or for all; the lines of the file's diff.

    Raises:
        InputError: neither the schema nor the data has a feature of that name.
    """
    known = {feature.name for feature in found.schema.feature} | {each.feature for each in found.suggestions}
    for name in names:
        if name not in known:
            raise InputError(f"{found.path}: no feature {name!r} there or in the data.{close_matches(name, known)}")
    wanted = [each for each in found.suggestions if not names or each.feature in names]
    before, after = files.change(found.path, accepted(found.schema, wanted))
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), found.path, found.path, lineterm="")
    return list(lines)
