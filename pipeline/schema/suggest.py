"""What would have to change in a schema so that it admits some data: no more than that, feature by feature."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tensorflow_metadata.proto.v0 import schema_pb2

from components.anomalies import Anomaly, find
from components.environments import TRAINING, declared
from components.errors import InputError
from components.statistics.features import top_name
from components.statistics.files import Statistics
from pipeline.schema.admit import Admission, admit

Splits: TypeAlias = Mapping[str, Statistics]


@dataclass(frozen=True)
class Suggestion:
    """A feature that does not admit the data: what TFDV finds wrong, a line for each, and what would mend it."""

    feature: str
    found: Sequence[str]
    admission: Admission


def suggest(schema: schema_pb2.Schema, splits: Splits, unserved: Collection[str]) -> list[Suggestion]:
    """Hold the statistics of all splits of a data set against the schema, in the environment of training.

    Args:
        splits: by name, the training split first.
        unserved: columns that serving does not see.

    Raises:
        InputError: the schema knows none of the features.
    """
    _check_same_data(schema, splits)
    return [
        Suggestion(name, found, admit(schema, name, list(splits.values()), unserved))
        for name, found in anomalies(schema, splits).items()
    ]


def accepted(schema: schema_pb2.Schema, suggestions: Sequence[Suggestion]) -> schema_pb2.Schema:
    """The schema with these suggestions in it."""
    result = schema_pb2.Schema()
    result.CopyFrom(schema)
    for each in suggestions:
        each.admission.put_into(result)
    return result


def remaining(schema: schema_pb2.Schema, splits: Splits) -> list[str]:
    """What is wrong with the data, a line each; of the data set as a whole, too."""
    of_features = [f"{name}: {text}" for name, texts in anomalies(schema, splits).items() for text in texts]
    whole = dict.fromkeys(each.long for _, each in _all(schema, splits) if not each.feature)
    return [*of_features, *(f"the data set: {text}" for text in whole)]


def anomalies(schema: schema_pb2.Schema, splits: Splits) -> dict[str, list[str]]:
    """What is wrong, by feature, a line for each anomaly; features of the schema in its order, new ones behind them."""
    order = {feature.name: place for place, feature in enumerate(schema.feature)}
    found: dict[str, dict[str, dict[str, list[str]]]] = {}
    for split, each in _all(schema, splits):
        if each.feature:
            of_type = found.setdefault(each.column, {}).setdefault(each.type, {})
            of_type.setdefault(each.long.strip(), []).append(split)
    names = sorted(found, key=lambda each: (order.get(each, len(order)), each))
    return {name: [_line(texts, splits) for texts in found[name].values()] for name in names}


def _line(texts: Mapping[str, Sequence[str]], splits: Collection[str]) -> str:
    """An anomaly, which TFDV may put otherwise for each split, as with other shares."""
    return " ".join(text if len(of) == len(splits) else f"{', '.join(of)}: {text}" for text, of in texts.items())


def _all(schema: schema_pb2.Schema, splits: Splits) -> list[tuple[str, Anomaly]]:
    """Each with its split."""
    environment = declared(schema, TRAINING)
    return [(split, each) for split, found in splits.items() for each in find(found, schema, environment)]


def _check_same_data(schema: schema_pb2.Schema, splits: Splits) -> None:
    known = {feature.name for feature in schema.feature}
    there = _names(splits.values())
    if known and not known & there:
        raise InputError(
            f"the schema is for other data: it knows {_few(known)}, and none of these is in the data, "
            f"which has {_few(there)}"
        )


def _names(splits: Iterable[Statistics]) -> set[str]:
    return {top_name(each) for split in splits for each in split.datasets[0].features}


def _few(names: Collection[str]) -> str:
    shown = ", ".join(sorted(names)[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
