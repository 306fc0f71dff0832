"""The curated taxi schema against the real data: no false alarm, and no blind spot."""

from __future__ import annotations

import csv
import pathlib
from collections.abc import Callable

import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

CHECKOUT = pathlib.Path(__file__).parents[2]
SERVING = CHECKOUT / "data/taxi/serving/trips.csv"


def span(number: int) -> pathlib.Path:
    return CHECKOUT / f"data/taxi/csv/span-{number}/trips.csv"


@pytest.fixture(scope="module")
def schema() -> schema_pb2.Schema:
    return tfdv.load_schema_text(str(CHECKOUT / "schemas/taxi.pbtxt"))


@pytest.fixture(scope="module")
def serving_statistics() -> statistics_pb2.DatasetFeatureStatisticsList:
    return tfdv.generate_statistics_from_csv(str(SERVING))


def anomalies(
    statistics: statistics_pb2.DatasetFeatureStatisticsList, schema: schema_pb2.Schema, environment: str | None
) -> set[str]:
    """The names of the features that something is wrong with."""
    return set(tfdv.validate_statistics(statistics, schema, environment=environment).anomaly_info)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_training_data_has_no_anomalies(schema: schema_pb2.Schema, number: int) -> None:
    statistics = tfdv.generate_statistics_from_csv(str(span(number)))
    assert anomalies(statistics, schema, "TRAINING") == set()
    # TFX's ExampleValidator names no environment.
    assert anomalies(statistics, schema, None) == set()


def test_serving_data_lacks_the_label_and_nothing_else(
    schema: schema_pb2.Schema, serving_statistics: statistics_pb2.DatasetFeatureStatisticsList
) -> None:
    assert anomalies(serving_statistics, schema, "SERVING") == set()
    assert anomalies(serving_statistics, schema, "TRAINING") == {"tips"}


def change(**cells: Callable[[int], str]) -> Callable[[int, dict[str, str]], dict[str, str]]:
    """A function (row number, row) -> row with some cells replaced."""
    return lambda number, row: {**row, **{name: cell(number) for name, cell in cells.items()}}


def test_what_is_wrong_is_seen(schema: schema_pb2.Schema, tmp_path: pathlib.Path) -> None:
    spoil = change(
        trip_start_hour=lambda number: "24" if number == 7 else "3",
        trip_start_day=lambda number: "0" if number == 7 else "3",
        trip_start_month=lambda number: "13" if number == 7 else "3",
        payment_type=lambda number: "Bitcoin" if number == 7 else "Cash",
        company=lambda number: "New Cab Co." if number % 5 == 0 else "Taxi Affiliation Services",
        fare=lambda number: "-1.5" if number == 7 else "7.25",
        trip_miles=lambda number: "",
        trip_seconds=lambda number: "0.5",
        pickup_latitude=lambda number: "-87.6",
        dropoff_community_area=lambda number: "78" if number == 7 else "8",
        pickup_census_tract=lambda number: "anything",
    )
    with span(3).open() as source, (tmp_path / "spoiled.csv").open("w") as target:
        rows = csv.DictReader(source)
        writer = csv.DictWriter(target, rows.fieldnames or ())
        writer.writeheader()
        writer.writerows(spoil(number, row) for number, row in enumerate(rows) if number < 200)
    statistics = tfdv.generate_statistics_from_csv(str(tmp_path / "spoiled.csv"))
    assert anomalies(statistics, schema, "TRAINING") == {
        "trip_start_hour",
        "trip_start_day",
        "trip_start_month",
        "payment_type",
        "company",
        "fare",
        "trip_miles",
        "trip_seconds",
        "pickup_latitude",
        "dropoff_community_area",
    }


def test_every_column_of_the_data_is_in_the_schema(schema: schema_pb2.Schema) -> None:
    header = span(1).open().readline().strip().split(",")
    assert {feature.name for feature in schema.feature} == set(header)
    assert list(schema.default_environment) == ["TRAINING", "SERVING"]
