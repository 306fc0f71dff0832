"""Predictions of a model on examples, as Examples with the raw columns and the predicted ones.

TFX's BulkInferrer can only copy the outputs of a signature: for a classifier that is the same list of class labels
in every row, never the class that was predicted, and it takes every row apart and puts it together again.
Here a predicted column is appended to the serialised example, whose other bytes stay as they are. Columns that would
only be a second copy of much data, such as images, are left out.
"""

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Optional

import apache_beam as beam
import tensorflow as tf
from absl import logging
from tfx import types
from tfx.dsl.components.base import base_beam_component, base_beam_executor, executor_spec
from tfx.types import artifact_utils, component_spec, standard_artifacts
from tfx.types.system_executions import Process
from tfx.utils import path_utils

from components import examples as example_files
from components import saved_model
from components.errors import InputError

_BATCH = 1024
_WITHOUT = "without"
_COPIED = ("payload_format", "file_format")
"""Custom properties that say how the examples are stored."""


def appended(record: bytes, columns: Mapping[str, Any]) -> bytes:
    """A serialised tf.Example with further columns: serialised messages that are concatenated are merged."""
    features = {name: _feature(value) for name, value in columns.items()}
    return record + tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def stripped(record: bytes, columns: Collection[str]) -> bytes:
    """A serialised tf.Example without those of `columns` that it has."""
    example = tf.train.Example.FromString(record)
    for column in columns:
        example.features.feature.pop(column, None)
    return example.SerializeToString()


def _feature(value: Any) -> tf.train.Feature:
    if isinstance(value, bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
    return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))


def with_predictions(model: saved_model.Model, records: Sequence[bytes], without: Collection[str] = ()) -> list[bytes]:
    """The records with their predicted columns, and without some others.

    Raises:
        InputError: they cannot be read by the model, or have a column of such a name already.
    """
    predicted = model.of_examples(records)
    taken = set(predicted) & set(tf.train.Example.FromString(records[0]).features.feature)
    if taken:
        raise InputError(f"the data has columns called {', '.join(sorted(taken))}, as the predictions are. Rename them")
    names = list(predicted)
    rows = zip(*(predicted[name].tolist() for name in names), strict=True)
    kept = [stripped(record, without) for record in records] if without else records
    return [appended(record, dict(zip(names, row, strict=True))) for record, row in zip(kept, rows, strict=True)]


Completed = Callable[[saved_model.Model, Sequence[bytes], Collection[str]], list[bytes]]
"""From a model and records to the records with further columns, and without some."""


class _Predict(beam.DoFn):
    """From (file, file) to the number of rows: reads the first, writes the second, in the same order."""

    def __init__(self, model: str, without: Collection[str], completed: Completed) -> None:
        self._folder, self._without, self._completed = model, without, completed
        self._model: Optional[saved_model.Model] = None

    def setup(self) -> None:
        self._model = saved_model.Model(self._folder)

    def process(self, element: "tuple[str, str]") -> Iterator[int]:
        source, target = element
        assert self._model is not None
        part = f"{target}.part"
        rows = 0
        with tf.io.TFRecordWriter(part, "GZIP") as writer:
            for batch in batches(example_files.records([source]), _BATCH):
                rows += len(batch)
                for record in self._completed(self._model, batch, self._without):
                    writer.write(record)
        tf.io.gfile.rename(part, target, overwrite=True)
        yield rows


def batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of `size` items, the last one shorter."""
    batch: list[Any] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


class Executor(base_beam_executor.BaseBeamExecutor):
    """One file of predictions for each file of examples, in the same splits."""

    OUTPUT = "predictions"
    COMPLETED: Completed = staticmethod(with_predictions)

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Raises InputError when the examples do not fit the model."""
        model = artifact_utils.get_single_instance(input_dict["model"])
        folder = path_utils.serving_model_path(model.uri, path_utils.is_old_model_artifact(model))
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        predictions = artifact_utils.get_single_instance(output_dict[self.OUTPUT])
        without = frozenset(json.loads(exec_properties[_WITHOUT]))
        _describe(predictions, examples)
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Files" >> beam.Create(_files(examples, predictions))
                | "Spread" >> beam.Reshuffle()
                | "Predict" >> beam.ParDo(_Predict(folder, without, self.COMPLETED))
            )
        logging.info("%s written to %s.", self.OUTPUT.capitalize(), predictions.uri)


def _describe(predictions: types.Artifact, examples: types.Artifact) -> None:
    """Splits, span and storage are those of the examples."""
    predictions.split_names = examples.split_names
    predictions.span = example_files.span(examples)
    predictions.version = examples.version
    for name in _COPIED:
        if examples.has_custom_property(name):
            text = examples.get_string_custom_property(name)
            predictions.set_string_custom_property(name, text)


def _files(examples: types.Artifact, predictions: types.Artifact) -> "list[tuple[str, str]]":
    pairs = []
    for split in example_files.split_names(examples):
        folder = artifact_utils.get_split_uri([predictions], split)
        tf.io.gfile.makedirs(folder)
        for source in example_files.files(examples, split):
            name = os.path.basename(source)
            pairs.append((source, os.path.join(folder, name if name.endswith(".gz") else f"{name}.gz")))
    return pairs


class PredictionsSpec(types.ComponentSpec):
    """Examples and a model in, examples with predictions out."""

    PARAMETERS = {_WITHOUT: component_spec.ExecutionParameter(type=str)}
    INPUTS = {
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model),
    }
    OUTPUTS = {"predictions": component_spec.ChannelParameter(type=standard_artifacts.Examples)}
    TYPE_ANNOTATION = Process


class Predictions(base_beam_component.BaseBeamComponent):
    """Predicts all splits of one Examples artifact."""

    SPEC_CLASS = PredictionsSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(self, examples: types.BaseChannel, model: types.BaseChannel, without: Sequence[str] = ()) -> None:
        """Args:
        examples: of one span, with the columns that the model was trained on.
        model: an exported model, blessed or not.
        without: columns of the examples that the predictions don't repeat.
        """
        super().__init__(
            PredictionsSpec(
                examples=examples,
                model=model,
                without=json.dumps(sorted(without)),
                predictions=types.Channel(type=standard_artifacts.Examples),
            )
        )
