"""The executor of Transform: TFT analyses blocks of examples, then every shard is transformed where it is read.

TFX's own reads record by record, and writes what it transforms through Beam record by record.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any

import apache_beam as beam
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata.dataset_metadata import DatasetMetadata
from tfx import types
from tfx.components.transform import executor, executor_utils, labels
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs
from tfx.utils import io_utils

from components import examples as example_files
from components.tfrecords.source import BlockTFXIO
from components.transform.shards import Job, TransformShard

_TEMPORARY = ".temp_path"
"""TFX's name of a folder in the graph's artifact."""


class Executor(executor.Executor):
    """Examples and a schema → a graph and transformed examples."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """See TFX."""
        self._log_startup(input_dict, output_dict, exec_properties)
        executor_utils.MatchNumberOfTransformedExamplesArtifacts(input_dict, output_dict)
        examples, transformed = input_dict[specs.EXAMPLES_KEY], output_dict[specs.TRANSFORMED_EXAMPLES_KEY]
        splits = executor_utils.ResolveSplitsConfig(exec_properties.get(specs.SPLITS_CONFIG_KEY), examples)
        executor_utils.SetSplitNames(splits.transform, transformed)
        graph = artifact_utils.get_single_uri(output_dict[specs.TRANSFORM_GRAPH_KEY])
        temporary = os.path.join(graph, _TEMPORARY)
        self._transform(
            preprocessing_fn=self._GetPreprocessingFn(
                {
                    labels.PREPROCESSING_FN: exec_properties[specs.PREPROCESSING_FN_KEY],
                    labels.CUSTOM_CONFIG: exec_properties.get(specs.CUSTOM_CONFIG_KEY),
                },
                {},
            ),
            schema=_schema(input_dict[specs.SCHEMA_KEY]),
            analyzed=[example_files.pattern(each, split) for split in splits.analyze for each in examples],
            jobs=_jobs(examples, transformed, splits.transform, temporary),
            graph=graph,
            temporary=temporary,
        )
        fileio.rmtree(temporary)

    def _transform(
        self,
        preprocessing_fn: Callable[..., Any],
        schema: schema_pb2.Schema,
        analyzed: Sequence[str],
        jobs: Sequence[Job],
        graph: str,
        temporary: str,
    ) -> None:
        """Write the graph that `preprocessing_fn` makes of the analysed files, and do the jobs with it."""
        whole = BlockTFXIO(list(analyzed), schema=schema)
        types_of = whole.TensorAdapter().OriginalTypeSpecs()
        # Only what is used is decoded.
        to_analyze = whole.Project(list(tft.get_analyze_input_columns(preprocessing_fn, types_of)))
        to_transform = whole.Project(list(tft.get_transform_input_columns(preprocessing_fn, types_of)))
        with self._make_beam_pipeline() as pipeline, tft_beam.Context(temp_dir=temporary):
            batches = pipeline | "Analyzed" >> to_analyze.BeamSource()
            transform_fn = (batches, to_analyze.TensorAdapterConfig()) | tft_beam.AnalyzeDataset(preprocessing_fn)
            raw = os.path.join(graph, tft.TFTransformOutput.RAW_METADATA_DIR)
            _ = DatasetMetadata(schema) | "WriteRawMetadata" >> tft_beam.WriteMetadata(raw, pipeline)
            _ = transform_fn | "WriteGraph" >> tft_beam.WriteTransformFn(graph)
            folder, metadata = transform_fn
            _ = (
                pipeline
                | "Shards" >> beam.Create(jobs)
                | "Spread" >> beam.Reshuffle()
                | "Transform"
                >> beam.ParDo(
                    TransformShard(to_transform.TensorAdapterConfig(), schema),
                    beam.pvalue.AsSingleton(folder),
                    beam.pvalue.AsSingleton(metadata.deferred_metadata),
                )
            )


def _schema(artifacts: list[types.Artifact]) -> schema_pb2.Schema:
    return io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(artifact_utils.get_single_uri(artifacts)))


def _jobs(
    examples: Sequence[types.Artifact], transformed: Sequence[types.Artifact], splits: Sequence[str], temporary: str
) -> list[Job]:
    """One for each file of the examples; TFX's own names, but as many files as are read."""
    sources = [example_files.files(each, split) for split in splits for each in examples]
    jobs = []
    for files, prefix in zip(sources, executor_utils.GetSplitPaths(transformed), strict=True):
        fileio.makedirs(os.path.dirname(prefix))
        for number, path in enumerate(files):
            jobs.append(Job(path, f"{prefix}-{number:05d}-of-{len(files):05d}.gz", temporary))
    return jobs
