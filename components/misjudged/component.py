"""Misjudged as the graph sees it."""

import json
import os
from collections.abc import Sequence
from typing import Any

import apache_beam as beam
from tfx import types
from tfx.dsl.components.base import base_beam_component, base_beam_executor, executor_spec
from tfx.types import artifact_utils, component_spec, standard_artifacts
from tfx.types.system_executions import Process

from components import examples as example_files
from components.artifacts import MisjudgedImages
from components.misjudged.find import find
from components.misjudged.result import FILE
from components.misjudged.settings import Settings
from components.saved_signatures import folder_of

_COLUMN, _SPLIT, _SPLITS, _HEADS = "column", "split", "splits", "heads"


class Executor(base_beam_executor.BaseBeamExecutor):
    """Writes `misjudged.json` on the wanted splits of all examples together."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Raises InputError when an example has no image."""
        folder = folder_of(artifact_utils.get_single_instance(input_dict["model"]))
        heads = tuple(json.loads(exec_properties[_HEADS]))
        settings = Settings(folder, exec_properties[_COLUMN], exec_properties[_SPLIT], heads)
        path = os.path.join(artifact_utils.get_single_uri(output_dict["misjudged"]), FILE)
        wanted = json.loads(exec_properties[_SPLITS])
        files = [each for each in example_files.shards(input_dict["examples"]) if each.split in wanted]
        splits = list(dict.fromkeys(file.split for file in files))
        with self._make_beam_pipeline() as pipeline:
            _ = find(pipeline | "Files" >> beam.Create(files), settings, splits, path)


class MisjudgedSpec(types.ComponentSpec):
    """Examples and a model in, what the model gets wrong out."""

    PARAMETERS = {
        _COLUMN: component_spec.ExecutionParameter(type=str),
        _SPLIT: component_spec.ExecutionParameter(type=str),
        _SPLITS: component_spec.ExecutionParameter(type=str),
        _HEADS: component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model),
    }
    OUTPUTS = {"misjudged": component_spec.ChannelParameter(type=MisjudgedImages)}
    TYPE_ANNOTATION = Process


class Misjudged(base_beam_component.BaseBeamComponent):
    """Finds the images that a model gets most wrong, and the labels that it contradicts most confidently."""

    SPEC_CLASS = MisjudgedSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        model: types.BaseChannel,
        column: str,
        split: str,
        splits: Sequence[str],
        heads: Sequence[str],
    ) -> None:
        """Args:
        examples: of one span or several, with labels.
        model: an exported model, blessed or not.
        column: the one that holds the images.
        split: the evaluated one.
        splits: those that are looked at; examples need not have all of them.
        heads: the classifiers.
        """
        super().__init__(
            MisjudgedSpec(
                examples=examples,
                model=model,
                column=column,
                split=split,
                splits=json.dumps(list(splits)),
                heads=json.dumps(list(heads)),
                misjudged=types.Channel(type=MisjudgedImages),
            )
        )
