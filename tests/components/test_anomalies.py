"""TFDV's anomalies in a report, and rows that have them."""

import apache_beam as beam
import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from apache_beam.testing.util import assert_that
from google.protobuf import text_format
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.anomalies import Anomaly, find
from components.drift.anomalous_rows import AnomalousRows, attach
from components.errors import InputError

SCHEMA = text_format.Parse(
    """
    default_environment: "TRAINING"
    default_environment: "SERVING"
    feature {
      name: "fare" type: FLOAT presence { min_fraction: 1 } float_domain { min: 0 max: 50 }
    }
    feature {
      name: "kind" type: BYTES value_count { min: 1 max: 1 } distribution_constraints { min_domain_mass: 0.9 }
      string_domain { value: "cash" value: "card" }
    }
    feature { name: "tip" type: FLOAT presence { min_fraction: 1 } not_in_environment: "SERVING" }
    """,
    schema_pb2.Schema(),
)
ROWS = 3000


def batch() -> pa.RecordBatch:
    """Every thousandth fare is too high, each fifth kind is unknown."""
    fares = [[999.0 + at] if at % 1000 == 7 else [at % 50] for at in range(ROWS)]
    kinds = [[b"coupon"] if at % 5 == 3 else [b"cash"] for at in range(ROWS)]
    return pa.RecordBatch.from_arrays([pa.array(fares, pa.large_list(pa.float32())), pa.array(kinds)], ["fare", "kind"])


@pytest.fixture(scope="module")
def statistics() -> statistics_pb2.DatasetFeatureStatisticsList:
    return stats_impl.generate_statistics_in_memory(batch(), tfdv.StatsOptions())


def test_what_breaks_the_schema_is_told_as_tfdv_tells_it(
    statistics: statistics_pb2.DatasetFeatureStatisticsList,
) -> None:
    found = find(statistics, SCHEMA)
    assert [(each.feature, each.short) for each in found] == [
        ("fare", "Out-of-range values"),
        ("kind", "Unexpected string values"),
        ("tip", "Column dropped"),
    ]
    theirs = tfdv.validate_statistics(statistics, SCHEMA)
    assert {each.feature: each.long for each in found} == {
        name: info.description for name, info in theirs.anomaly_info.items()
    }


def test_an_environment_leaves_out_what_it_does_not_have(
    statistics: statistics_pb2.DatasetFeatureStatisticsList,
) -> None:
    assert [each.feature for each in find(statistics, SCHEMA, "SERVING")] == ["fare", "kind"]
    with pytest.raises(InputError, match="no environment 'SERVE'. It has: TRAINING, SERVING"):
        find(statistics, SCHEMA, "SERVE")


def test_slices_beside_the_whole_data_are_left_alone(
    statistics: statistics_pb2.DatasetFeatureStatisticsList,
) -> None:
    sliced = statistics_pb2.DatasetFeatureStatisticsList(datasets=[*statistics.datasets, *statistics.datasets])
    sliced.datasets[1].name = "kind_cash"
    assert find(sliced, SCHEMA) == find(statistics, SCHEMA)


def test_a_few_rows_are_found_for_each(statistics: statistics_pb2.DatasetFeatureStatisticsList) -> None:
    anomalies = find(statistics, SCHEMA)
    with beam.Pipeline("DirectRunner") as pipeline:
        rows = pipeline | beam.Create([batch()]) | AnomalousRows(anomalies, SCHEMA, None, 2)
        assert_that(rows, lambda found: _check(attach(anomalies, found[0])))


def test_rows_are_found_for_a_name_that_tfdv_quotes() -> None:
    schema = schema_pb2.Schema()
    schema.feature.add(name="f(x)", type="INT").int_domain.max = 7
    rows = pa.RecordBatch.from_pydict({"f(x)": pa.array([[number % 10] for number in range(40)])})
    anomalies = find(stats_impl.generate_statistics_in_memory(rows, tfdv.StatsOptions()), schema)
    assert [each.feature for each in anomalies] == ["f(x)"]
    with beam.Pipeline("DirectRunner") as pipeline:
        found = pipeline | beam.Create([rows]) | AnomalousRows(anomalies, schema, None, 1)
        assert_that(found, lambda each: _check_shown(attach(anomalies, each[0])))


def _check_shown(anomalies: list[Anomaly]) -> None:
    assert [each.rows for each in anomalies] == [[{"f(x)": "8"}]]


def _check(anomalies: list[Anomaly]) -> None:
    fare, kind, tip = anomalies
    assert [row["fare"] for row in fare.rows] == ["1006.0", "2006.0"]
    assert [row["kind"] for row in kind.rows] == ["coupon", "coupon"]
    assert tip.rows == []
