"""What a schema lacks to admit some data, in words and as a change of the schema."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2

from components.errors import InputError
from pipeline.schema import describe
from pipeline.schema.suggest import accepted, anomalies, remaining, suggest
from tests.pipeline.schema.data import named, schema, statistics

KEPT = 'drift_comparator { jensen_shannon_divergence { threshold: 0.1 } } annotation { tag: "drift:psi=0.2" }'
ENVIRONMENTS = 'default_environment: "TRAINING" default_environment: "SERVING" '


@pytest.mark.parametrize(
    ("feature", "columns", "change"),
    [
        ("type: INT int_domain { min: 0 max: 10 }", {"x": [1, 12]}, "int_domain.max: 10 -> 12"),
        ("type: FLOAT float_domain { min: 0 }", {"x": [1.0, -2.5]}, "float_domain.min: 0.0 -> -2.5"),
        (
            "type: FLOAT presence { min_fraction: 1 min_count: 1 }",
            {"x": [1.0, 2.0, None]},
            "presence.min_fraction: 1.0 -> 0.6666",
        ),
        ("type: INT value_count { min: 1 max: 1 }", {"x": [[1, 2], [3]]}, "value_count.max: 1 -> 2"),
        ("type: INT bool_domain {}", {"x": [0, 1, 2]}, "no bool_domain any more (it was {})"),
        ("type: FLOAT float_domain { max: 3 }", {"x": ["a", "b"]}, "type: FLOAT -> BYTES"),
        ("type: BYTES presence { min_count: 1 }", {"y": [1]}, "lifecycle_stage: DEPRECATED"),
        ('type: BYTES domain: "d"', {"x": ["a", "c", "e", "c"]}, "2 new values: 'c', 'e'"),
        ('type: BYTES string_domain { value: "a" }', {"x": ["a", "c"]}, "1 new value: 'c'"),
        (
            'type: BYTES domain: "d"',
            {"x": [f"v{i}" for i in range(200)]},
            "its list of values goes: it would get too many",
        ),
    ],
    ids=["range", "negative", "missing", "many", "boolean", "type", "gone", "values", "inline", "too many"],
)
def test_a_constraint_is_loosened_and_no_other(feature: str, columns: dict, change: str) -> None:
    curated = schema(
        f'feature {{ name: "x" {feature} {KEPT} }} feature {{ name: "y" type: INT }}'
        'string_domain { name: "d" value: "a" value: "b" value: "d" }'
    )
    splits = named(statistics(**columns, **({} if "y" in columns else {"y": [5] * len(columns["x"])})))
    [found] = suggest(curated, splits, ())
    assert found.feature == "x"
    assert change in describe.changes(found.admission)
    after = accepted(curated, [found])
    assert after.feature[0].drift_comparator == curated.feature[0].drift_comparator
    assert after.feature[0].annotation == curated.feature[0].annotation
    assert after.feature[1] == curated.feature[1]
    assert remaining(after, splits) == []
    assert suggest(after, splits, ()) == []


def test_a_new_column_is_added_with_its_environment() -> None:
    curated = schema(ENVIRONMENTS + 'feature { name: "y" type: INT }  string_domain { name: "c" value: "q" }')
    splits = named(statistics(y=[1, 2, 3, 4], c=["u", "v", "u", "v"], label=[1, 2, 3, 5]))
    suggestions = suggest(curated, splits, {"label"})
    assert [each.feature for each in suggestions] == ["c", "label"]
    assert describe.changes(suggestions[0].admission)[1] == "2 new values: 'u', 'v'"
    after = accepted(curated, suggestions)
    assert [feature.name for feature in after.feature] == ["y", "c", "label"]
    assert list(after.feature[2].not_in_environment) == ["SERVING"]
    assert after.feature[1].domain == "c_", "another list has its name"
    assert suggest(after, splits, ()) == []
    serving = statistics(y=[1, 2, 3, 4], c=["u", "v", "u", "v"])
    assert not tfdv.validate_statistics(serving, after, environment="SERVING").anomaly_info
    assert tfdv.validate_statistics(serving, after, environment="TRAINING").anomaly_info.keys() == {"label"}


@pytest.mark.parametrize("name", ["a.b", "it's", "f(x)"])
def test_a_name_that_tfdv_quotes_is_one_of_a_column(name: str) -> None:
    curated = schema('feature { name: "n" type: INT }')
    curated.feature.add(name=name, type="INT")
    splits = named(statistics(n=[1, 2], **{name: ["u", "v"]}))
    [found] = suggest(curated, splits, ())
    assert found.feature == name
    assert remaining(accepted(curated, [found]), splits) == []


def test_only_what_was_accepted_changes() -> None:
    curated = schema(
        'feature { name: "x" type: BYTES domain: "d" } feature { name: "y" type: INT int_domain { max: 1 } }'
        'string_domain { name: "d" value: "a" }'
    )
    splits = named(statistics(x=["a", "b"], y=[1, 2]))
    of_x, of_y = suggest(curated, splits, ())
    assert accepted(curated, [of_y]).string_domain == curated.string_domain
    assert anomalies(accepted(curated, [of_x]), splits).keys() == {"y"}
    assert anomalies(accepted(curated, [of_y]), splits).keys() == {"x"}


def test_all_splits_are_admitted_and_one_that_lacks_a_rare_column_does_not_end_it() -> None:
    curated = schema(
        'feature { name: "x" type: INT int_domain { max: 1 } }'
        'feature { name: "rare" type: INT presence { min_fraction: 0.1 min_count: 1 } }'
    )
    splits = named(statistics(x=[1, 2], rare=[1, 1]), statistics(x=[1, 7]))
    suggestions = suggest(curated, splits, ())
    after = accepted(curated, suggestions)
    assert after.feature[0].int_domain.max == 7
    assert not after.feature[1].HasField("presence")
    assert after.feature[1].lifecycle_stage != schema_pb2.DEPRECATED
    assert suggest(after, splits, ()) == []


def test_an_anomaly_is_one_line_which_names_the_splits_where_they_differ() -> None:
    curated = schema('feature { name: "x" type: INT int_domain { min: 0 max: 1 } } feature { name: "y" type: BYTES }')
    splits = named(statistics(x=[1, 2], y=[1, 1]), statistics(x=[1, 2], y=[1, 1]), statistics(x=[1, 7], y=[1, 1]))
    of_x, of_y = anomalies(curated, splits).values()
    assert of_x == ["train, eval: Unexpectedly large value: 2. test: Unexpectedly large value: 7."]
    assert of_y == ["Expected data of type: BYTES but got INT"]


def test_what_only_serving_sees_is_not_missed() -> None:
    only = 'feature { name: "s" presence { min_count: 1 } not_in_environment: "TRAINING" }'
    assert (
        suggest(schema(f'{ENVIRONMENTS} feature {{ name: "x" type: INT }} {only}'), named(statistics(x=[1])), ()) == []
    )


def test_what_is_no_matter_of_a_feature_is_told() -> None:
    curated = schema('feature { name: "x" type: INT } dataset_constraints { min_examples_count: 9 }')
    assert remaining(curated, named(*[statistics(x=[1, 2])] * 2)) == [
        "the data set: The dataset has 2 examples, which is fewer than expected."
    ]


def test_a_schema_of_other_data_is_refused() -> None:
    with pytest.raises(InputError, match=r"for other data: it knows fare, tips, and none .* which has x$"):
        suggest(schema('feature { name: "fare" } feature { name: "tips" }'), named(statistics(x=[1])), ())


def test_many_at_once() -> None:
    """Whatever is wrong with it: what is accepted admits the data, and is accepted once."""
    types = ["INT", "FLOAT", "BYTES"]
    values = [[3, 4, 5], [0.5, np.nan, -1e9], ["a", "b", None], [None, None, None]]
    pairs = list(itertools.product(types, range(len(values))))
    limits = {"INT": "int_domain { min: 4 max: 4 }", "FLOAT": "float_domain { min: 0 max: 1 }", "BYTES": 'domain: "d"'}
    text = "".join(
        f'feature {{ name: "{kind}{place}" type: {kind} presence {{ min_fraction: 1 }} {limits[kind]} }}'
        for kind, place in pairs
    )
    splits = named(statistics(**{f"{kind}{place}": values[place] for kind, place in pairs}))
    curated = schema(f'{text} string_domain {{ name: "d" value: "z" }}')
    after = accepted(curated, suggest(curated, splits, ()))
    assert remaining(after, splits) == []
    assert suggest(after, splits, ()) == []
