"""Predictions of a model on examples, as Examples with the raw columns and the predicted ones.

TFX's BulkInferrer can only copy the outputs of a signature: for a classifier that is the same list of class labels
in every row, never the class that was predicted, and it takes every row apart and puts it together again.
Here predicted columns are appended to the serialised examples. Columns that would only be a second copy of much data,
such as images, are left out.
"""

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Optional

import apache_beam as beam
import numpy as np
import tensorflow as tf
from absl import logging
from tfx import types
from tfx.dsl.components.base import base_beam_component, base_beam_executor, executor_spec
from tfx.types import artifact_utils, component_spec, standard_artifacts
from tfx.types.system_executions import Process

from components import columns, saved_model, saved_signatures
from components import examples as example_files
from components.spans import span_of
from components.tfrecords import shards
from components.tfrecords.blocks import blocks

_WITHOUT = "without"
_COPIED = ("payload_format", "file_format")
"""Custom properties that say how the examples are stored."""


ModelColumns = Callable[[saved_model.Model, Sequence[bytes]], Mapping[str, np.ndarray]]
"""From a model and records to columns."""


class _Predict(beam.DoFn):
    """From (file, file) to the number of rows: reads the first, writes the second, in the same order."""

    def __init__(self, model: str, without: Collection[str], of_model: ModelColumns, partial: str) -> None:
        self._folder, self._without, self._of_model, self._partial = model, without, of_model, partial
        self._model: Optional[saved_model.Model] = None

    def setup(self) -> None:
        self._model = saved_model.Model(self._folder)

    def process(self, element: "tuple[str, str]") -> Iterator[int]:
        source, target = element
        assert self._model is not None
        shard = shards.Shard(target, self._partial)
        for batch in blocks([source], self._model.batch):
            shard.write(columns.with_columns(batch, self._of_model(self._model, batch), self._without))
        shard.commit()
        yield shard.records


class Executor(base_beam_executor.BaseBeamExecutor):
    """One file of predictions for each file of examples, in the same splits."""

    OUTPUT = "predictions"
    COLUMNS: ModelColumns = staticmethod(saved_model.Model.of_examples)

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Raises InputError when the examples do not fit the model, or have a column that it adds."""
        folder = saved_signatures.folder_of(artifact_utils.get_single_instance(input_dict["model"]))
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        predictions = artifact_utils.get_single_instance(output_dict[self.OUTPUT])
        without = frozenset(json.loads(exec_properties[_WITHOUT]))
        _describe(predictions, examples)
        with shards.partial(predictions.uri) as partial, self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Files" >> beam.Create(_files(examples, predictions))
                | "Spread" >> beam.Reshuffle()
                | "Predict" >> beam.ParDo(_Predict(folder, without, self.COLUMNS, partial))
            )
        logging.info("%s written to %s.", self.OUTPUT.capitalize(), predictions.uri)


def _describe(predictions: types.Artifact, examples: types.Artifact) -> None:
    """Splits, span and storage are those of the examples."""
    predictions.split_names = examples.split_names
    predictions.span = span_of(examples)
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
