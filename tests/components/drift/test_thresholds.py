"""What a schema says of how far a feature may move."""

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.drift.thresholds import Threshold, names, of_schema
from components.errors import InputError

SCHEMA = text_format.Parse(
    """
    feature {
      name: "fare"
      drift_comparator { jensen_shannon_divergence { threshold: 0.1 } }
      skew_comparator { infinity_norm { threshold: 0.2 } }
      annotation { tag: "drift:psi=0.25" tag: "skew:psi=1e-3" tag: "money" }
    }
    feature {
      name: "trip"
      struct_domain { feature { name: "town" drift_comparator { infinity_norm { threshold: 0.3 } } } }
    }
    """,
    schema_pb2.Schema(),
)


def test_comparators_and_tags_of_a_kind_are_thresholds() -> None:
    assert of_schema(SCHEMA, "drift")["fare"] == [
        Threshold("jensen_shannon_divergence", 0.1, True),
        Threshold("psi", 0.25, True),
    ]
    assert of_schema(SCHEMA, "skew")["fare"] == [Threshold("l_infinity", 0.2, True), Threshold("psi", 0.001, True)]


def test_what_lies_within_a_struct_goes_by_its_path() -> None:
    assert names(SCHEMA) == ["fare", "trip", "trip.town"]
    assert of_schema(SCHEMA, "drift")["trip.town"] == [Threshold("l_infinity", 0.3, True)]
    assert of_schema(SCHEMA, "drift")["trip"] == []


def test_without_a_schema_there_are_none() -> None:
    assert of_schema(None, "drift") == {}


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ("drift:kolmogorov=0.1", r"names no measure.*Did you mean kolmogorov_smirnov\?"),
        ("drift:l_infinity=0.1", r"names no measure; there are kolmogorov_smirnov, wasserstein"),
        ("skew:psi=low", "must end in = and a number of at least 0, as in skew:psi=0.1"),
        ("drift:psi 0.1", r"names no measure"),
        ("drift:psi", "must end in = and a number"),
        ("drift:psi=-1", "must end in = and a number"),
    ],
    ids=["measure", "comparator", "text", "no sign", "no number", "negative"],
)
def test_a_wrong_tag_is_named(tag: str, message: str) -> None:
    schema = schema_pb2.Schema()
    schema.feature.add(name="x").annotation.tag.append(tag)
    with pytest.raises(InputError, match=f"feature 'x': tag '{tag}' {message}"):
        of_schema(schema, "skew" if tag.startswith("skew") else "drift")
