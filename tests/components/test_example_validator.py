"""ExampleValidator on artifacts, in the environment of training."""

import pathlib

import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.types import artifact_utils, standard_artifacts

from components.example_validator import Executor

LABEL = 'feature { name: "y" type: INT presence { min_count: 1 } not_in_environment: "SERVING" }'
ONLY_SERVED = 'feature { name: "s" presence { min_count: 1 } not_in_environment: "TRAINING" }'
BOTH = 'default_environment: "TRAINING" default_environment: "SERVING"'


@pytest.mark.parametrize(
    ("schema", "columns", "wrong"),
    [
        (f"{BOTH} {LABEL} {ONLY_SERVED}", {"y": [1]}, set()),
        (f"{BOTH} {LABEL} {ONLY_SERVED}", {"s": [1]}, {"y", "s"}),
        (f'default_environment: "SERVING" {LABEL}', {"y": [1]}, set()),
        ('feature { name: "y" type: INT }', {"z": [1]}, {"z"}),
    ],
    ids=["training", "serving", "not declared", "no environments"],
)
def test_what_is_asked_of_data(tmp_path: pathlib.Path, schema: str, columns: dict, wrong: set) -> None:
    statistics, schemas, anomalies = (
        kind() for kind in (standard_artifacts.ExampleStatistics, standard_artifacts.Schema,
                            standard_artifacts.ExampleAnomalies)
    )  # fmt: skip
    for artifact in (statistics, schemas, anomalies):
        artifact.uri = str(tmp_path / artifact.type_name)
    statistics.split_names = artifact_utils.encode_split_names(["train"])
    folder = pathlib.Path(statistics.uri) / "Split-train"
    folder.mkdir(parents=True)
    made = tfdv.generate_statistics_from_dataframe(pd.DataFrame(columns), n_jobs=1)
    (folder / "FeatureStats.pb").write_bytes(made.SerializeToString())
    pathlib.Path(schemas.uri).mkdir()
    (pathlib.Path(schemas.uri) / "schema.pbtxt").write_text(schema)
    Executor().Do({"statistics": [statistics], "schema": [schemas]}, {"anomalies": [anomalies]}, {})
    written = pathlib.Path(anomalies.uri) / "Split-train/SchemaDiff.pb"
    assert anomalies_pb2.Anomalies.FromString(written.read_bytes()).anomaly_info.keys() == wrong
