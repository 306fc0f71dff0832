"""What would have to change in a schema so that it admits some data: no more than that, feature by feature."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2

from components.environments import TRAINING, declared
from components.errors import InputError
from components.statistics.files import Statistics
from pipeline.schema.admit import Admission, admit
from pipeline.schema.infer import name_of

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
    _check_same_data(schema, list(splits.values()))
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
    whole = [tfdv.validate_statistics(each, schema).dataset_anomaly_info.description for each in splits.values()]
    of_features = [f"{name}: {text}" for name, texts in anomalies(schema, splits).items() for text in texts]
    return [*of_features, *dict.fromkeys(f"the data set: {text}" for text in whole if text)]


def anomalies(schema: schema_pb2.Schema, splits: Splits) -> dict[str, list[str]]:
    """What is wrong, by feature, a line for each anomaly; features of the schema in its order, new ones behind them."""
    found: dict[str, dict[int, dict[str, list[str]]]] = {}
    for split, statistics in splits.items():
        of_split = tfdv.validate_statistics(statistics, schema, environment=declared(schema, TRAINING))
        for key, info in sorted(of_split.anomaly_info.items()):
            of_feature = found.setdefault(info.path.step[0] if info.path.step else key, {})
            for reason in info.reason:
                of_type = of_feature.setdefault(reason.type, {})
                of_type.setdefault(reason.description.strip(), []).append(split)
    order = {feature.name: place for place, feature in enumerate(schema.feature)}
    names = sorted(found, key=lambda each: (order.get(each, len(order)), each))
    return {name: [_line(texts, splits) for texts in found[name].values()] for name in names}


def _line(texts: Mapping[str, Sequence[str]], splits: Collection[str]) -> str:
    """An anomaly, which TFDV may put otherwise for each split, as with other shares."""
    return " ".join(text if len(of) == len(splits) else f"{', '.join(of)}: {text}" for text, of in texts.items())


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
