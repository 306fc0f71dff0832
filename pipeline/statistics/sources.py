"""The statistics of a path: read where they are statistics, computed where they are data."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

import apache_beam as beam
import tensorflow_data_validation as tfdv
from apache_beam.options.pipeline_options import PipelineOptions
from google.protobuf.message import DecodeError
from google.protobuf.text_format import ParseError
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx_bsl.public import tfxio

from components.drift.slices import whole
from components.errors import InputError
from components.example_gen.executor import ingest, list_chunks
from components.example_gen.settings import Settings
from components.example_gen.splits import HashSplits
from components.example_gen.transforms import Outputs
from components.statistics_gen import without_columns
from pipeline.prediction import formats

_FILE = "FeatureStats.pb"
_BUCKETS = 100
_SPLIT = "all"


@dataclass(frozen=True)
class Reading:
    """How files of data are read; without a format it is told by their names."""

    delimiter: str = ","
    images: tuple[str, ...] = ()
    format: formats.InputFormat | None = None
    beam_args: Sequence[str] = ("--runner=DirectRunner",)


def statistics(path: str, reading: Reading) -> statistics_pb2.DatasetFeatureStatisticsList:
    """The statistics of a path, of rows there are.

    Args:
        path: a file of TFDV's statistics (.pb, .pbtxt), the folder of a split or artifact that holds one, or a file or
            pattern of CSV, TFRecord, JSON Lines or Parquet.

    Raises:
        InputError: nothing is there, or it cannot be read; names file and line.
    """
    file = _statistics_file(path)
    found = _read(file) if file else _computed(path, reading)
    try:
        rows = whole(found).num_examples
    except InputError as error:
        raise InputError(f"{file or path}: {error}") from error
    if not rows:
        raise InputError(f"{file or path}: statistics of no rows. Is the split empty?")
    return found


def short(path: str) -> str:
    """The last two parts of a path: a file of statistics has the same name wherever it is."""
    return "/".join(os.path.normpath(path).split(os.sep)[-2:])


def _statistics_file(path: str) -> str | None:
    if path.endswith((".pb", ".pbtxt")):
        return path
    if not os.path.isdir(path):
        return None
    if os.path.isfile(os.path.join(path, _FILE)):
        return os.path.join(path, _FILE)
    splits = sorted(name for name in os.listdir(path) if os.path.isfile(os.path.join(path, name, _FILE)))
    if splits:
        named = ", ".join(os.path.join(path, name) for name in splits)
        raise InputError(f"{path} holds the statistics of several splits: name one of {named}")
    raise InputError(f"{path} is a folder without {_FILE}. Name files of data by a pattern, as in '{path}/*.csv'")


def _read(file: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    if not os.path.isfile(file):
        raise InputError(f"{file}: no such file")
    try:
        return tfdv.load_stats_text(file) if file.endswith(".pbtxt") else tfdv.load_stats_binary(file)
    except (DecodeError, ParseError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: expected statistics as TFDV writes them, but: {error}") from error


def _computed(path: str, reading: Reading) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Ingested as a run would, into a folder of its own, and counted from there: memory does not grow with the rows."""
    settings = Settings(
        reading.format or formats.input_format([path]),
        HashSplits(((_SPLIT, 1),)),
        delimiter=reading.delimiter,
        images=reading.images,
    )
    with tempfile.TemporaryDirectory(prefix="millrace-statistics-") as folder:
        outputs = Outputs(f"{folder}/examples", f"{folder}/quarantine", f"{folder}/partial")
        options = PipelineOptions(list(reading.beam_args))
        ingest(beam.Pipeline(options=options), list_chunks(path, settings), settings, outputs)
        shards = f"{outputs.examples}/Split-{_SPLIT}/*"
        file = f"{folder}/{_FILE}"
        with beam.Pipeline(options=options) as pipeline:
            _ = (
                pipeline
                | tfxio.TFExampleRecord(shards, telemetry_descriptors=["statistics"]).BeamSource()
                | beam.Map(without_columns, reading.images)
                | tfdv.GenerateStatistics(tfdv.StatsOptions(num_quantiles_histogram_buckets=_BUCKETS))
                | tfdv.WriteStatisticsToBinaryFile(file)
            )
        return _read(file)
