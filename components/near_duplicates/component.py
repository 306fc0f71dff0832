"""NearDuplicates as the graph sees it."""

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
from components.artifacts import DuplicateImages
from components.near_duplicates import pictures
from components.near_duplicates.find import FindDuplicates, Settings, write
from components.near_duplicates.result import FILE, PAGE

_COLUMNS, _DISTANCE, _SSIM = "columns", "max_distance", "min_ssim"


class Executor(base_beam_executor.BaseBeamExecutor):
    """Writes `duplicates.json` and a page of it on the splits of all examples together."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Raises InputError when an example has no image."""
        found = artifact_utils.get_single_instance(output_dict["duplicates"])
        files = example_files.shards(input_dict["examples"])
        with self._make_beam_pipeline() as pipeline:
            shards = pipeline | "Files" >> beam.Create(files)
            results = [
                shards | column >> FindDuplicates(Settings(column, exec_properties[_DISTANCE], exec_properties[_SSIM]))
                for column in json.loads(exec_properties[_COLUMNS])
            ]
            columns = results | "Columns" >> beam.Flatten() | "AllColumns" >> beam.combiners.ToList()
            _ = columns | "Write" >> beam.Map(write, os.path.join(found.uri, FILE))
            _ = (
                shards
                | "SpreadForPictures" >> beam.Reshuffle()
                | "Pictures" >> beam.FlatMap(pictures.of_file, beam.pvalue.AsSingleton(columns))
                | "AllPictures" >> beam.combiners.ToList()
                | "WritePage"
                >> beam.Map(pictures.write_page, beam.pvalue.AsSingleton(columns), os.path.join(found.uri, PAGE))
            )


class NearDuplicatesSpec(types.ComponentSpec):
    """Examples in, what is nearly the same in two splits out."""

    PARAMETERS = {
        _COLUMNS: component_spec.ExecutionParameter(type=str),
        _DISTANCE: component_spec.ExecutionParameter(type=int),
        _SSIM: component_spec.ExecutionParameter(type=float),
    }
    INPUTS = {"examples": component_spec.ChannelParameter(type=standard_artifacts.Examples)}
    OUTPUTS = {"duplicates": component_spec.ChannelParameter(type=DuplicateImages)}
    TYPE_ANNOTATION = Process


class NearDuplicates(base_beam_component.BaseBeamComponent):
    """Finds images that are nearly the same in two splits."""

    SPEC_CLASS = NearDuplicatesSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(self, examples: types.BaseChannel, columns: Sequence[str], max_distance: int, min_ssim: float) -> None:
        """Args:
        examples: of one span or several.
        columns: those that hold encoded images.
        max_distance: bits in which perceptual hashes may differ, 0 to 16; no closer pair is missed. 6 for millions
            of images, 12 for thousands of tiny ones.
        min_ssim: how similar the images must be then; 1 means equal.
        """
        super().__init__(
            NearDuplicatesSpec(
                examples=examples,
                columns=json.dumps(sorted(columns)),
                max_distance=max_distance,
                min_ssim=float(min_ssim),
                duplicates=types.Channel(type=DuplicateImages),
            )
        )
