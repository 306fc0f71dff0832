"""The table of measures against what is made of it or says the same."""

import json
import pathlib

import pytest
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

import components.drift
from components.drift.catalogue import MEASURES, Measure
from components.drift.thresholds import of_schema

SCHEMA = json.loads((pathlib.Path(components.drift.__file__).parent / "drift.schema.json").read_text())


def test_the_published_schema_of_reports_knows_the_same_measures() -> None:
    assert sorted(SCHEMA["$defs"]["measure"]["enum"]) == sorted(MEASURES)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES.keys())
def test_a_schema_can_set_each_threshold(measure: Measure) -> None:
    schema = schema_pb2.Schema()
    feature = schema.feature.add(name="x")
    if measure.of_tfdv:
        getattr(feature.drift_comparator, measure.of_tfdv.comparator).threshold = 0.25
        assert anomalies_pb2.DriftSkewInfo.Measurement.Type.Value(measure.of_tfdv.measurement)
    else:
        feature.annotation.tag.append(f"drift:{measure.key}=0.25")
    [found] = of_schema(schema, "drift")["x"]
    assert (found.measure, found.value) == (measure.key, 0.25)


def test_what_is_taken_by_default_has_a_reason() -> None:
    assert all(bool(each.reason) == (each.default is not None) for each in MEASURES.values())
