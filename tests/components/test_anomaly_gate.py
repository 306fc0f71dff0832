"""The gate behind ExampleValidator, on anomalies that TFDV finds."""

from __future__ import annotations

import json
import os
import pathlib
import pickle

import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.types import standard_artifacts

from components.anomaly_gate import Executor
from components.artifacts import Verdict
from components.errors import GateError

SCHEMA = text_format.Parse(
    """
    feature { name: "kind" type: BYTES presence { min_fraction: 1.0 } domain: "kind" }
    feature { name: "fare" type: FLOAT presence { min_fraction: 1.0 } float_domain { min: 0 } }
    string_domain { name: "kind" value: "cash" value: "card" }
    """,
    schema_pb2.Schema(),
)
GOOD = pd.DataFrame({"kind": ["cash", "card"], "fare": [1.0, 2.5]})
BAD = pd.DataFrame({"kind": ["cash", "coupon"], "fare": [1.0, -2.5]})


def check(folder: pathlib.Path, mode: str, **splits: pd.DataFrame) -> dict[str, object]:
    """Run the gate; the verdict that it wrote."""
    anomalies, verdict = standard_artifacts.ExampleAnomalies(), Verdict()
    anomalies.uri, verdict.uri = str(folder / "anomalies"), str(folder / "verdict")
    anomalies.split_names = json.dumps(list(splits))
    os.makedirs(verdict.uri)
    for name, rows in splits.items():
        differences = tfdv.validate_statistics(tfdv.generate_statistics_from_dataframe(rows), SCHEMA)
        os.makedirs(f"{anomalies.uri}/Split-{name}")
        with open(f"{anomalies.uri}/Split-{name}/SchemaDiff.pb", "wb") as file:
            file.write(differences.SerializeToString())
    try:
        Executor().Do({"anomalies": [anomalies]}, {"verdict": [verdict]}, {"mode": mode})
    finally:
        with open(f"{verdict.uri}/verdict.json") as file:
            written: dict[str, object] = json.load(file)
    return written


def test_good_data_passes(tmp_path: pathlib.Path) -> None:
    assert check(tmp_path, "fail", train=GOOD, eval=GOOD) == {"passed": True, "anomalies": []}


def test_anomalies_stop_the_run_with_a_table_of_feature_split_and_remedy(tmp_path: pathlib.Path) -> None:
    with pytest.raises(GateError) as raised:
        check(tmp_path, "fail", train=GOOD, eval=BAD)
    lines = str(raised.value).splitlines()
    assert [line.split()[:2] for line in lines[1:4]] == [["feature", "split"], ["fare", "eval"], ["kind", "eval"]]
    assert "coupon" in lines[3]
    assert 'schema.on_anomalies="warn"' in lines[-1]
    # It reaches the parent from a child process.
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)


def test_the_same_anomaly_in_two_splits_is_one_line(tmp_path: pathlib.Path) -> None:
    with pytest.raises(GateError) as raised:
        check(tmp_path, "fail", train=BAD, eval=BAD)
    assert [line.split()[1] for line in str(raised.value).splitlines()[2:4]] == ["train,eval", "train,eval"]


def test_a_warning_lets_the_run_go_on_and_is_written_down(tmp_path: pathlib.Path) -> None:
    verdict = check(tmp_path, "warn", train=BAD)
    assert verdict["passed"] is False
    assert [each["feature"] for each in verdict["anomalies"]] == ["fare", "kind"]  # type: ignore[attr-defined]


def test_a_split_without_examples_is_an_anomaly(tmp_path: pathlib.Path) -> None:
    verdict = check(tmp_path, "warn", train=GOOD, test=GOOD[:0])
    assert verdict["anomalies"] == [
        {"split": "test", "feature": "", "problem": "Data missing", "detail": "there are no examples"}
    ]
