"""Image columns between ingestion and Transform: out of the statistics, in the schema, no anomaly."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re

import pyarrow as pa
import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2
from tfx.components import ExampleValidator
from tfx.components.example_validator import executor as validator
from tfx.components.statistics_gen import executor as stock
from tfx.components.util import tfxio_utils
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import Channel, standard_artifacts
from tfx.utils import io_utils

from components import schema_gen, statistics_gen
from components.statistics import counting
from tests.components.example_gen import ingestion
from tests.components.images.pictures import encoded, photo

COLUMN = "image/encoded"
OPTIONS = tfdv.StatsOptions(num_quantiles_histogram_buckets=20)


@dataclasses.dataclass
class Chain:
    """What ingestion, StatisticsGen and SchemaGen left."""

    examples: standard_artifacts.Examples
    statistics: standard_artifacts.ExampleStatistics
    schema: standard_artifacts.Schema

    def inferred(self) -> schema_pb2.Schema:
        """SchemaGen's."""
        return io_utils.parse_pbtxt_file(f"{self.schema.uri}/schema.pbtxt", schema_pb2.Schema())


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """The executors, one after the other, on 40 images."""
    folder = tmp_path_factory.mktemp("chain")
    examples = _ingested(folder, brightness=1.0, classes=4)
    statistics, schema = _statistics(folder, examples), standard_artifacts.Schema()
    schema.uri = str(folder / "schema")
    infer = schema_gen.SchemaGen(Channel(type=standard_artifacts.ExampleStatistics), images=[COLUMN])
    schema_gen.Executor().Do({"statistics": [statistics]}, {"schema": [schema]}, dict(infer.exec_properties))
    return Chain(examples, statistics, schema)


def _ingested(folder: pathlib.Path, brightness: float, classes: int) -> standard_artifacts.Examples:
    """40 images of so many classes, which are in turn."""
    with tf.io.TFRecordWriter(str(folder / "in")) as writer:
        for row in range(40):
            picture = photo(6 + row % 3, 8, seed=row).point(lambda value: int(value * brightness))
            image = tf.train.BytesList(value=[encoded(picture)])
            label = tf.train.Int64List(value=[row % classes])
            features = {
                COLUMN: tf.train.Feature(bytes_list=image),
                "image/class/label": tf.train.Feature(int64_list=label),
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
    examples = ingestion.through_beam(folder, f"{folder}/in", "tfrecord", images=[COLUMN]).examples
    examples.set_int_custom_property("span", 3)  # where ExampleGen keeps it
    return examples


def _statistics(folder: pathlib.Path, examples: standard_artifacts.Examples) -> standard_artifacts.ExampleStatistics:
    statistics = standard_artifacts.ExampleStatistics()
    statistics.uri = str(folder / "statistics")
    node = statistics_gen.StatisticsGen(Channel(type=standard_artifacts.Examples), OPTIONS, without=(COLUMN, "none"))
    runner = statistics_gen.Executor(BaseBeamExecutor.Context())
    runner.Do({"examples": [examples]}, {"statistics": [statistics]}, dict(node.exec_properties))
    return statistics


def _features(folder: str, split: str) -> dict[str, statistics_pb2.FeatureNameStatistics]:
    [dataset] = tfdv.load_stats_binary(f"{folder}/Split-{split}/FeatureStats.pb").datasets
    return {feature.path.step[0]: feature for feature in dataset.features}


def _rounded(message: statistics_pb2.FeatureNameStatistics) -> str:
    """In another order floats add up to another last digit."""
    return re.sub(r"\d+\.\d+(e[-+]\d+)?", lambda number: f"{float(number[0]):.12g}", str(message))


@pytest.fixture(scope="module")
def of_tfx(chain: Chain, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What TFX's own StatisticsGen makes of the examples."""
    other = standard_artifacts.ExampleStatistics()
    other.uri = str(tmp_path_factory.mktemp("stock"))
    stock.Executor(BaseBeamExecutor.Context()).Do(
        {"examples": [chain.examples]}, {"statistics": [other]}, {"stats_options_json": OPTIONS.to_json()}
    )
    return other.uri


@pytest.mark.parametrize("few_bytes", [counting.FEW_BYTES, 0], ids=["direct", "beam"])
def test_statistics_are_those_of_tfx_without_the_image_bytes(
    chain: Chain, of_tfx: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, few_bytes: int
) -> None:
    monkeypatch.setattr(counting, "FEW_BYTES", few_bytes)
    made = _statistics(tmp_path, chain.examples)
    assert (made.split_names, made.span) == (chain.examples.split_names, 3)
    for split in ("train", "eval", "test"):
        found, expected = _features(made.uri, split), _features(of_tfx, split)
        assert expected.pop(COLUMN).type == statistics_pb2.FeatureNameStatistics.STRING
        assert {name: _rounded(each) for name, each in found.items()} == {
            name: _rounded(each) for name, each in expected.items()
        }
        assert "image/sharpness" in found


def test_a_batch_without_the_column_is_left_alone() -> None:
    batch = pa.RecordBatch.from_arrays([pa.array([[1], None]), pa.array([[b"x"], [b"y"]])], ["a", "b"])
    assert counting.without_columns(batch, {"b"}).to_pydict() == {"a": [[1], None]}
    assert counting.without_columns(batch, {"c"}).equals(batch)


def test_the_inferred_schema_has_the_images_and_transform_gets_them_as_strings(chain: Chain) -> None:
    features = {feature.name: feature for feature in chain.inferred().feature}
    assert features[COLUMN] == schema_pb2.Feature(name=COLUMN, type=schema_pb2.BYTES, image_domain={})
    assert features["image/height"].type == schema_pb2.INT

    tfxio = tfxio_utils.get_split_tfxio([chain.examples], "train", ["test"], schema=chain.inferred())
    assert tfxio.TensorAdapter().TypeSpecs()[COLUMN] == tf.SparseTensorSpec([None, None], tf.string)


def _anomalies(chain: Chain, schema: standard_artifacts.Schema, folder: pathlib.Path) -> list[str]:
    anomalies = standard_artifacts.ExampleAnomalies()
    anomalies.uri = str(folder / "anomalies")
    node = ExampleValidator(Channel(type=standard_artifacts.ExampleStatistics), Channel(type=standard_artifacts.Schema))
    validator.Executor().Do(
        {"statistics": [chain.statistics], "schema": [schema]}, {"anomalies": [anomalies]}, dict(node.exec_properties)
    )
    found: list[str] = []
    for split in json.loads(chain.examples.split_names):
        with open(f"{anomalies.uri}/Split-{split}/SchemaDiff.pb", "rb") as file:
            found += anomalies_pb2.Anomalies.FromString(file.read()).anomaly_info
    return found


def test_neither_an_inferred_nor_a_curated_schema_gives_an_anomaly(chain: Chain, tmp_path: pathlib.Path) -> None:
    assert _anomalies(chain, chain.schema, tmp_path) == []

    curated = standard_artifacts.Schema()
    curated.uri = str(tmp_path / "curated")
    os.makedirs(curated.uri)
    written = chain.inferred()
    io_utils.write_pbtxt_file(f"{curated.uri}/schema.pbtxt", written)
    assert _anomalies(chain, curated, tmp_path) == []

    # What is validated are the properties.
    [height] = [feature for feature in written.feature if feature.name == "image/height"]
    height.int_domain.max = 6
    io_utils.write_pbtxt_file(f"{curated.uri}/schema.pbtxt", written)
    assert set(_anomalies(chain, curated, tmp_path)) == {"image/height"}


def test_no_byte_of_an_image_is_in_the_statistics(chain: Chain) -> None:
    for split in ("train", "eval", "test"):
        with open(f"{chain.statistics.uri}/Split-{split}/FeatureStats.pb", "rb") as file:
            whole = file.read()
        assert b"image/brightness" in whole
        assert COLUMN.encode() not in whole
        assert b"\x89PNG" not in whole


def test_drift_between_spans_is_seen_in_properties_and_labels(chain: Chain, tmp_path: pathlib.Path) -> None:
    watched = {"image/brightness", "image/class/label"}
    schema = chain.inferred()
    for feature in schema.feature:
        if feature.name in watched:
            feature.drift_comparator.jensen_shannon_divergence.threshold = 0.2
    later = _statistics(tmp_path, _ingested(tmp_path, brightness=0.4, classes=2))

    assert _drifted(chain.statistics, chain.statistics, schema) == set()
    assert _drifted(later, chain.statistics, schema) == watched


def _drifted(
    later: standard_artifacts.ExampleStatistics,
    before: standard_artifacts.ExampleStatistics,
    schema: schema_pb2.Schema,
) -> set[str]:
    """The features that TFDV says have drifted."""
    now, then = (tfdv.load_stats_binary(f"{each.uri}/Split-train/FeatureStats.pb") for each in (later, before))
    anomalies = tfdv.validate_statistics(now, schema, previous_statistics=then)
    kind = anomalies_pb2.AnomalyInfo.COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH
    return {name for name, info in anomalies.anomaly_info.items() if kind in {each.type for each in info.reason}}
