"""Statistics of the splits that a run would make of files of data."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import TypeAlias

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.example_gen.executor import ingest, list_chunks
from components.example_gen.settings import Settings
from components.example_gen.transforms import Outputs
from pipeline.statistics.rows import Reading, Rows

Statistics: TypeAlias = statistics_pb2.DatasetFeatureStatisticsList


def count(pattern: str, settings: Settings, beam_args: Sequence[str]) -> dict[str, Statistics]:
    """The statistics of each split that has rows, of the files that match `pattern`.

    Raises:
        InputError: no file does, or one cannot be read; names file and line.
    """
    reading = Reading(images=settings.images, beam_args=beam_args)
    with tempfile.TemporaryDirectory(prefix="millrace-statistics-") as folder:
        outputs = Outputs(f"{folder}/examples", f"{folder}/quarantine", f"{folder}/partial")
        pipeline = beam.Pipeline(options=PipelineOptions(list(beam_args)))
        report = ingest(pipeline, list_chunks(pattern, settings), settings, outputs)
        shards = {name: f"{outputs.examples}/Split-{name}/*" for name, rows in report["splits"].items() if rows}
        return {name: Rows(pattern, files, report["columns"], reading).statistics({}) for name, files in shards.items()}
