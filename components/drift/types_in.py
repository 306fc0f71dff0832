"""The types of the columns of several spans of examples, for what cannot be counted together."""

from collections.abc import Collection, Sequence

import pyarrow as pa
from tfx.types import Artifact

from components import examples as example_files
from components.spans import span_of
from components.statistics import counting


def changed(examples: Sequence[Artifact], split: str, without: Collection[str]) -> list[str]:
    """The columns whose type is not the same throughout, each with the spans of its types, oldest first."""
    found: dict[str, dict[str, list[str]]] = {}
    for each in sorted(examples, key=span_of):
        for column, kinds in _types(example_files.files(each, split), without).items():
            for kind in sorted(kinds):
                found.setdefault(column, {}).setdefault(kind, []).append(str(span_of(each)))
    return [
        f"{column} is {', '.join(f'{kind} in span {_and(spans)}' for kind, spans in kinds.items())}"
        for column, kinds in sorted(found.items())
        if len(kinds) > 1
    ]


def _and(spans: Sequence[str]) -> str:
    return " and ".join(spans)


def _types(paths: Sequence[str], without: Collection[str]) -> dict[str, set[str]]:
    """A batch in which a column has no values does not know its type."""
    found: dict[str, set[str]] = {}
    for batch in counting.record_batches(paths, without):
        for field in batch.schema:
            if not pa.types.is_null(field.type):
                found.setdefault(field.name, set()).add(str(field.type.value_type))
    return found
