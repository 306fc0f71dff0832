"""The gate behind ExampleValidator, on what TFDV finds in a few rows."""

import json
import pathlib

import pandas
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.types import standard_artifacts

from components.anomaly_gate import Anomaly, Executor, as_table, found
from components.artifacts import Verdict
from components.errors import GateError

GOOD = pandas.DataFrame({"fare": [1.5, 2.5], "payment": ["Cash", "Card"]})
BAD = pandas.DataFrame({"fare": [1.5, 2.5], "payment": ["Cash", "Bitcoin"]})


def anomalies(rows: pandas.DataFrame) -> anomalies_pb2.Anomalies:
    schema = tfdv.infer_schema(tfdv.generate_statistics_from_dataframe(GOOD))
    return tfdv.validate_statistics(tfdv.generate_statistics_from_dataframe(rows), schema)


def gate(folder: pathlib.Path, mode: str, **splits: pandas.DataFrame) -> pathlib.Path:
    """The verdict's file after the gate looked at the splits."""
    artifact = standard_artifacts.ExampleAnomalies()
    artifact.uri, artifact.split_names = str(folder / "anomalies"), json.dumps(list(splits))
    for split, rows in splits.items():
        (folder / "anomalies" / f"Split-{split}").mkdir(parents=True)
        (folder / "anomalies" / f"Split-{split}" / "SchemaDiff.pb").write_bytes(anomalies(rows).SerializeToString())
    verdict = Verdict()
    verdict.uri = str(folder)
    try:
        Executor().Do({"anomalies": [artifact]}, {"verdict": [verdict]}, {"mode": mode})
    finally:
        assert (folder / "verdict.json").exists()
    return folder / "verdict.json"


def test_good_data_passes(tmp_path: pathlib.Path) -> None:
    assert json.loads(gate(tmp_path, "fail", train=GOOD).read_text()) == {"passed": True, "anomalies": []}


def test_an_anomaly_stops_the_run_and_is_told_with_feature_and_split(tmp_path: pathlib.Path) -> None:
    with pytest.raises(GateError, match=r"payment +eval .*Bitcoin") as caught:
        gate(tmp_path, "fail", train=GOOD, eval=BAD)
    assert 'schema.on_anomalies="warn"' in str(caught.value)
    verdict = json.loads((tmp_path / "verdict.json").read_text())
    assert not verdict["passed"]
    assert [(each["split"], each["feature"]) for each in verdict["anomalies"]] == [("eval", "payment")]


def test_a_warning_lets_the_run_go_on(tmp_path: pathlib.Path) -> None:
    verdict = json.loads(gate(tmp_path, "warn", train=BAD).read_text())
    assert (verdict["passed"], len(verdict["anomalies"])) == (False, 1)


def test_a_split_without_examples_is_an_anomaly() -> None:
    assert found(anomalies_pb2.Anomalies(data_missing=True), "test") == [
        Anomaly("test", "", "Data missing", "the split has no examples")
    ]


def test_the_table_names_an_anomaly_of_several_splits_once() -> None:
    rows = [Anomaly(split, "fare", "Out of range", "too high") for split in ("train", "eval")]
    assert as_table(rows).splitlines() == [
        "  feature  split       problem       what was found",
        "  fare     train,eval  Out of range  too high",
    ]
