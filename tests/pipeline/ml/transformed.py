"""Rows through TFX's own Transform executor, for tests: real graphs, real TFRecords, a few hundred rows."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Optional, Union

import pytest
import tensorflow as tf
import tfx
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx.components.transform import executor
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import artifact_utils, standard_artifacts

from pipeline.config.settings import TrainerSettings

Value = Union[int, float, str, bytes, None]
Row = Mapping[str, Value]

TAXI_TYPES = {
    "fare": "FLOAT", "tips": "FLOAT", "trip_miles": "FLOAT", "trip_seconds": "INT",
    "pickup_latitude": "FLOAT", "pickup_longitude": "FLOAT", "dropoff_latitude": "FLOAT", "dropoff_longitude": "FLOAT",
    "payment_type": "BYTES", "company": "BYTES",
    "trip_start_hour": "INT", "trip_start_day": "INT", "trip_start_month": "INT",
}  # fmt: skip
PYTHON_TYPES = {"FLOAT": float, "INT": int, "BYTES": str}


def taxi_rows(count: int) -> list[dict[str, Value]]:
    """The first rows of the taxi trips that tfx ships; None where a cell is empty."""
    path = os.path.join(os.path.dirname(tfx.__file__), "examples/chicago_taxi_pipeline/data/simple/data.csv")
    with open(path) as file:
        cells = [row for row, _ in zip(csv.DictReader(file), range(count), strict=False)]
    return [
        {name: PYTHON_TYPES[kind](row[name]) if row[name] else None for name, kind in TAXI_TYPES.items()}
        for row in cells
    ]


def schema_of(types: Mapping[str, str], fixed: bool = False) -> schema_pb2.Schema:
    """A schema of optional columns, or of columns that hold exactly one value in every row."""
    shape = "presence { min_fraction: 1.0 } shape { dim { size: 1 } }" if fixed else "value_count { min: 1 max: 1 }"
    text = "\n".join(f'feature {{ name: "{name}" type: {kind} {shape} }}' for name, kind in types.items())
    return text_format.Parse(text, schema_pb2.Schema())


def example(row: Row) -> bytes:
    """A row as a serialized tf.Example, without its missing values."""
    features = {}
    for name, value in row.items():
        if isinstance(value, (str, bytes)):
            value = value.encode() if isinstance(value, str) else value
            features[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        elif isinstance(value, float):
            features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
        elif value is not None:
            features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


class Transformed:
    """The outputs of Transform: `graph` is the transform graph's folder, `files` has a pattern per split."""

    def __init__(
        self, folder: str, splits: Mapping[str, Sequence[Row]], schema: schema_pb2.Schema, settings: TrainerSettings
    ) -> None:
        self.folder, self.settings = folder, settings
        self.graph = os.path.join(folder, "graph")
        outputs = os.path.join(folder, "examples")
        self.files = {split: os.path.join(outputs, f"Split-{split}", "*") for split in splits}
        examples = _artifact(standard_artifacts.Examples(), os.path.join(folder, "raw"))
        examples.split_names = artifact_utils.encode_split_names(list(splits))
        examples.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
        examples.set_string_custom_property("file_format", "tfrecords_gzip")
        for split, rows in splits.items():
            _write_rows(os.path.join(examples.uri, f"Split-{split}", "rows-00000-of-00001.gz"), rows)
        schema_artifact = _artifact(standard_artifacts.Schema(), os.path.join(folder, "schema"))
        _write(os.path.join(schema_artifact.uri, "schema.pbtxt"), text_format.MessageToString(schema))
        # The executor parses the command line of the process, and would take pytest's -v for its own.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["test"])
            self._transform(examples, schema_artifact, outputs)

    def _transform(self, examples: Any, schema: Any, outputs: str) -> None:
        context = BaseBeamExecutor.Context(
            beam_pipeline_args=["--runner=DirectRunner"], tmp_dir=os.path.join(self.folder, "tmp"), unique_id="1"
        )
        executor.Executor(context).Do(
            {"examples": [examples], "schema": [schema]},
            {
                "transform_graph": [_artifact(standard_artifacts.TransformGraph(), self.graph)],
                "transformed_examples": [_artifact(standard_artifacts.Examples(), outputs)],
            },
            {
                "preprocessing_fn": "pipeline.ml.preprocessing.preprocessing_fn",
                "custom_config": json.dumps({"settings": self.settings.transform.model_dump_json()}),
                "disable_statistics": 1,
                "force_tf_compat_v1": 0,
            },
        )

    def fn_args(
        self, folder: str, settings: Optional[TrainerSettings] = None, base_model: Optional[str] = None
    ) -> FnArgs:
        """Arguments for run_fn, which writes model, model_run and checkpoints under `folder`."""
        return FnArgs(
            train_files=[self.files["train"]],
            eval_files=[self.files["eval"]],
            transform_graph_path=self.graph,
            serving_model_dir=os.path.join(folder, "model"),
            model_run_dir=os.path.join(folder, "model_run"),
            base_model=base_model,
            custom_config={
                "settings": (settings or self.settings).model_dump_json(),
                "checkpoints": os.path.join(folder, "checkpoints"),
            },
        )

    def parsed(self, split: str) -> dict[str, Any]:
        """The transformed columns of a split, in no particular order of rows."""
        import tensorflow_transform as tft

        files = tf.io.gfile.glob(self.files[split])
        records = list(tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator())
        spec = tft.TFTransformOutput(self.graph).transformed_feature_spec()
        return {name: value.numpy() for name, value in tf.io.parse_example(records, spec).items()}


def _artifact(artifact: Any, uri: str) -> Any:
    artifact.uri = uri
    os.makedirs(uri, exist_ok=True)
    return artifact


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _write_rows(path: str, rows: Sequence[Row]) -> None:
    os.makedirs(os.path.dirname(path))
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for row in rows:
            writer.write(example(row))
