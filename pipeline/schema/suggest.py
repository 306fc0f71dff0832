"""What would have to change in a schema so that it admits some data: no more than that, feature by feature."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2

from components.environments import TRAINING, declared
from components.errors import InputError
from components.statistics.files import Statistics
from pipeline.schema.admit import Admission, admit
from pipeline.schema.infer import name_of


@dataclass(frozen=True)
class Suggestion:
    """A feature that does not admit the data: what TFDV finds wrong, in its words, and what would mend it."""

    feature: str
    found: Sequence[str]
    admission: Admission


def suggest(schema: schema_pb2.Schema, splits: Sequence[Statistics], unserved: Collection[str]) -> list[Suggestion]:
    """Hold the statistics of all splits of a data set against the schema, in the environment of training.

    Args:
        splits: the training split first.
        unserved: columns that serving does not see.

    Raises:
        InputError: the schema knows none of the features.
    """
    _check_same_data(schema, splits)
    return [
        Suggestion(name, found, admit(schema, name, splits, unserved))
        for name, found in anomalies(schema, splits).items()
    ]


def accepted(schema: schema_pb2.Schema, suggestions: Sequence[Suggestion]) -> schema_pb2.Schema:
    """The schema with these suggestions in it."""
    result = schema_pb2.Schema()
    result.CopyFrom(schema)
    for each in suggestions:
        each.admission.put_into(result)
    return result


def remaining(schema: schema_pb2.Schema, splits: Sequence[Statistics]) -> list[str]:
    """What is wrong with the data, a line each; of the data set as a whole, too."""
    whole = [tfdv.validate_statistics(each, schema).dataset_anomaly_info.description for each in splits]
    of_features = [f"{name}: {text}" for name, texts in anomalies(schema, splits).items() for text in texts]
    return [*of_features, *dict.fromkeys(f"the data set: {text}" for text in whole if text)]


def anomalies(schema: schema_pb2.Schema, splits: Sequence[Statistics]) -> dict[str, list[str]]:
    """What is wrong, by feature; features of the schema in its order, new ones behind them."""
    found: dict[str, list[str]] = {}
    for statistics in splits:
        of_split = tfdv.validate_statistics(statistics, schema, environment=declared(schema, TRAINING))
        for key, info in sorted(of_split.anomaly_info.items()):
            texts = found.setdefault(info.path.step[0] if info.path.step else key, [])
            texts += [text for each in info.reason if (text := each.description.strip()) not in texts]
    order = {feature.name: place for place, feature in enumerate(schema.feature)}
    return {name: found[name] for name in sorted(found, key=lambda each: (order.get(each, len(order)), each))}


def _check_same_data(schema: schema_pb2.Schema, splits: Sequence[Statistics]) -> None:
    known = {feature.name for feature in schema.feature}
    there = {name_of(each) for split in splits for each in split.datasets[0].features}
    if known and not known & there:
        raise InputError(
            f"the schema is for other data: it knows {_few(known)}, and none of these is in the data, "
            f"which has {_few(there)}"
        )


def _few(names: Collection[str]) -> str:
    shown = ", ".join(sorted(names)[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
