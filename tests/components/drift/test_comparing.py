"""Skew against serving data that does not have all columns, from statistics alone."""

import pathlib

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.drift.comparing import Comparer, Data, load
from components.drift.report import Side
from components.errors import ExitCode, InputError
from tests.components.drift.data import normal, statistics

DECLARED = """
    default_environment: "TRAINING"
    default_environment: "SERVING"
    feature { name: "x" type: FLOAT presence { min_fraction: 1 } }
    feature { name: "z" type: FLOAT presence { min_fraction: 1 } }
    feature { name: "y" type: INT presence { min_fraction: 1 } not_in_environment: "SERVING" }
"""
INFERRED = """
    feature { name: "x" type: FLOAT presence { min_fraction: 1 } }
    feature { name: "z" type: FLOAT presence { min_fraction: 1 } }
    feature { name: "y" type: INT presence { min_fraction: 1 } }
"""


def _data(name: str, **columns: object) -> Data:
    found = statistics_pb2.DatasetFeatureStatisticsList(datasets=[statistics(columns)])
    return Data(Side(name, name, 300), found)


@pytest.mark.parametrize("schema", [DECLARED, INFERRED], ids=["declared", "inferred"])
def test_serving_misses_no_label_whether_the_schema_says_so_or_not(schema: str) -> None:
    comparer = Comparer(text_format.Parse(schema, schema_pb2.Schema()), ("y",), 0, lambda *_: {})
    training = _data("training", x=normal(300), z=normal(300), y=[1, 2, 3] * 100)
    found = comparer.skew(training, _data("serving", x=normal(300, 1)))
    assert [(each.feature, each.short) for each in found.anomalies] == [("z", "Column dropped")]


def test_a_split_that_the_statistics_do_not_have_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r"Split-eval/FeatureStats\.pb: no such file"):
        load(str(tmp_path), "eval", "split eval")


def test_data_without_rows_is_an_anomaly_of_the_report() -> None:
    comparer = Comparer(text_format.Parse(DECLARED, schema_pb2.Schema()), (), 0, lambda *_: {})
    empty = statistics_pb2.DatasetFeatureStatisticsList(datasets=[statistics_pb2.DatasetFeatureStatistics()])
    found = comparer.report(_data("before", x=normal(300)), Data(Side("now", "now", 0), empty))
    assert ("", "Data missing") in [(each.feature, each.short) for each in found.anomalies]
    assert found.exit_code is ExitCode.NOT_COMPARABLE


def test_training_misses_nothing_that_only_serving_sees() -> None:
    only = 'feature { name: "s" not_in_environment: "TRAINING" annotation { tag: "drift:psi=0.1" } }'
    comparer = Comparer(text_format.Parse(DECLARED + only, schema_pb2.Schema()), (), 0, lambda *_: {})
    columns = {"x": normal(300), "z": normal(300), "y": [1, 2, 3] * 100}
    assert comparer.report(_data("before", **columns), _data("now", **columns)).exit_code is ExitCode.OK
    there = comparer.report(_data("before", **columns, s=normal(300)), _data("now", **columns))
    assert there.exit_code is ExitCode.NOT_COMPARABLE


def test_an_environment_that_the_schema_does_not_know_leaves_out_nothing() -> None:
    schema = 'default_environment: "PROD" feature { name: "x" } feature { name: "z" annotation { tag: "drift:psi=1" } }'
    comparer = Comparer(text_format.Parse(schema, schema_pb2.Schema()), (), 0, lambda *_: {})
    found = comparer.report(_data("before", x=normal(300)), _data("now", x=normal(300)))
    assert found.exit_code is ExitCode.NOT_COMPARABLE
