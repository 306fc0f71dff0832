"""Columns that an evaluation decodes."""

from __future__ import annotations

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.metrics import metric_types
from tensorflow_model_analysis.proto import config_pb2

from components.evaluator.needed import inputs_of, schema_of_needed
from components.metrics.elements import computation, key_of
from tests import tiny_model

SCHEMA = text_format.Parse(
    'feature { name: "image/encoded" type: BYTES } feature { name: "w`\\\\" type: FLOAT } ' + tiny_model.SCHEMA,
    schema_pb2.Schema(),
)
KEY = key_of("metric", "", "", False)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny_model.save(str(tmp_path_factory.mktemp("model") / "saved"))


def _needed(model: str, config: str, *inputs: str, schema: schema_pb2.Schema = SCHEMA) -> list[str]:
    parsed = text_format.Parse(config, config_pb2.EvalConfig())
    return [each.name for each in schema_of_needed(schema, parsed, [model], computation(None, KEY, inputs)).feature]


SPEC = 'model_specs { signature_name: "evaluate" preprocessing_function_names: "transform_labels" %s }'


def test_a_model_that_takes_records_needs_no_column(model: str) -> None:
    assert _needed(model, SPEC % 'label_key: "label_y"') == []


def test_labels_weights_and_slices(model: str) -> None:
    spec = SPEC % 'label_key: "y" example_weight_keys { key: "y" value: "w" }'
    assert _needed(model, spec) == ["y", "w"]
    assert _needed(model, SPEC % "" + 'slicing_specs { feature_keys: "kind" }') == ["kind"]
    values = 'cross_slicing_specs { baseline_spec { feature_values { key: "x" value: "1" } } }'
    assert _needed(model, SPEC % "" + values) == ["x"]


def test_sql_needs_the_columns_that_it_names(model: str) -> None:
    sql = 'slicing_specs { slice_keys_sql: "SELECT STRUCT(KIND) FROM UNNEST(example.`w\\\\`\\\\\\\\`)" }'
    assert {"w`\\", "kind"} <= set(_needed(model, SPEC % "" + sql)) < {each.name for each in SCHEMA.feature}
    everything = 'slicing_specs { slice_keys_sql: "SELECT STRUCT(*) FROM UNNEST([example])" }'
    assert len(_needed(model, SPEC % "" + everything)) == len(SCHEMA.feature)


def test_a_metric_that_wants_features_gets_them(model: str) -> None:
    assert _needed(model, SPEC % "", constants.INPUT_KEY) == []
    assert len(_needed(model, SPEC % "", constants.FEATURES_KEY)) == len(SCHEMA.feature)


@pytest.mark.parametrize(
    "spec", ['signature_name: "raw"', 'signature_name: "absent"', 'signature_name: "evaluate"'],
    ids=["columns", "unknown", "unnamed preprocessing"],
)  # fmt: skip
def test_what_the_model_takes_may_not_be_known(model: str, spec: str) -> None:
    assert len(_needed(model, f"model_specs {{ {spec} }}")) == len(SCHEMA.feature)


def test_metrics_share_what_they_are_given() -> None:
    plain = computation(None, KEY)
    assert inputs_of(plain) == {"labels": {}, "predictions": {}, "example_weights": {}}
    assert inputs_of([*plain, *computation(None, KEY, [constants.INPUT_KEY])]) == {**inputs_of(plain), "input": {}}  # type: ignore[dict-item]


def test_rows_that_a_metric_makes_itself_are_not_known() -> None:
    class Own(metric_types.Preprocessor):
        pass

    own = metric_types.MetricComputation(keys=[KEY], preprocessors=[Own()], combiner=None)
    assert inputs_of([own]) is None
