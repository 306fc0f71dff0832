"""An inferred schema: lists of values, shapes and environments."""

from __future__ import annotations

import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

import pipeline.config as c
from pipeline.schema import printed
from pipeline.schema.infer import infer
from pipeline.schema.labels import unserved
from tests.pipeline.schema.data import statistics


@pytest.mark.parametrize(
    ("values", "listed", "mass"),
    [
        (["a", "b"] * 50, ["a", "b"], 0.0),
        (["a", "b"] * 50 + ["once"], ["a", "b"], 0.97),
        ([f"key {i}" for i in range(90)], None, 0.0),
        (["a"] * 40 + [f"rare {i}" for i in range(5)], None, 0.0),
        ([f"v{i}" for i in range(101)] * 2, None, 0.0),
    ],
    ids=["complete", "nearly", "keys", "open", "too many"],
)
def test_a_list_of_values_is_for_text_whose_values_recur(values: list, listed: list | None, mass: float) -> None:
    found = infer(statistics(x=values), (), ())
    assert [list(each.value) for each in found.string_domain] == ([listed] if listed else [])
    assert found.feature[0].domain == ("x" if listed else "")
    assert found.feature[0].distribution_constraints.min_domain_mass == (mass or pytest.approx(1.0))


def test_at_most_one_value_stays_so_where_some_are_missing() -> None:
    one, many = infer(statistics(x=[1.0, None], y=[[1, 2], [3]]), (), ()).feature
    assert (one.value_count.max, many.value_count.max) == (1, 0)


def test_nothing_but_ones_is_no_boolean() -> None:
    ones, both = infer(statistics(ones=[1, 1, 1], both=[0, 1, 1]), (), ()).feature
    assert (ones.HasField("bool_domain"), both.HasField("bool_domain")) == (False, True)


def test_text_of_true_and_false_admits_nothing_else() -> None:
    found = infer(statistics(flag=["true", "false"] * 50), (), ())
    anomalies = tfdv.validate_statistics(statistics(flag=["true", "maybe"] * 50), found).anomaly_info
    assert "maybe" in anomalies["flag"].description


def test_images_and_labels() -> None:
    found = infer(statistics(x=[1, 2], y=[0, 5]), {"y"}, ("image/encoded",))
    assert list(found.default_environment) == ["TRAINING", "SERVING"]
    assert [list(each.not_in_environment) for each in found.feature] == [[], ["SERVING"], []]
    assert found.feature[2].HasField("image_domain")
    assert not tfdv.validate_statistics(statistics(x=[1, 2]), found, environment="SERVING").anomaly_info
    assert text_format.Parse(printed.message(found), schema_pb2.Schema()) == found


def reads(columns: dict) -> object:
    """A label function that reads a feature, a column that is none, and then fails."""
    return columns["tips"] / columns["fare"] + columns["paid"] * "a row of zeros"


def test_what_serving_does_not_see() -> None:
    table = statistics(fare=[1.0], tips=[1.0], paid=["a"], y=[1], w=[1.0], other=[1]).datasets[0]
    heads = (c.Head(label="y"), c.Head(label_function=f"{__name__}.reads", name="z"))
    features = (c.Numeric(column="fare"), c.Cross(columns=("other", "fare"), buckets=3))
    config = c.Config(
        name="x", data=c.Data(path="x"), heads=heads, features=features, trainer=c.Trainer(example_weight="w")
    )
    assert unserved(config, table) == {"y", "w", "tips", "paid"}
    own = config.model_copy(update={"features": (), "preprocessing_fn": "x:y"})
    assert unserved(own, table) == {"y", "w"}
