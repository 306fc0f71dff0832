"""Rows that break a schema, as examples of the anomalies that the statistics show.

TFDV's IdentifyAnomalousExamples computes statistics for every single row, and knows no environment. Here batches are
validated by the same function, and only those that have the anomaly are halved until single rows are left.
"""

import dataclasses
import json
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Optional

import apache_beam as beam
import pyarrow as pa
import tensorflow_data_validation as tfdv
from apache_beam.options.pipeline_options import PipelineOptions
from tensorflow_data_validation.api import validation_api
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.dsl.io import fileio

from components.anomalies import Anomaly, Key, Row, read
from components.statistics import counting
from components.tfrecords.source import BlockTFXIO

_LONGEST = 200
"""Characters of a value that are kept."""

_OF_ALL = ("SCHEMA_MISSING_COLUMN", "SCHEMA_NEW_COLUMN")
"""What all rows have is shown by none."""


class AnomalousRows(beam.PTransform):
    """Batches of rows → one dict of anomaly: at most `count` rows that have it.

    Anomalies that no single row has, such as too few values, have no rows. The rows are those that come first in
    alphabetical order, so that two runs show the same.
    """

    def __init__(
        self, anomalies: Sequence[Anomaly], schema: schema_pb2.Schema, environment: Optional[str], count: int
    ) -> None:
        """See `anomalies.find`."""
        super().__init__()
        wanted = frozenset(each.key for each in anomalies if each.feature and each.type not in _OF_ALL)
        self._search = _Search(wanted, _strict(schema), environment, count)

    def run(
        self, examples: str, without: Collection[str], folder: str, beam_args: Sequence[str]
    ) -> Mapping[Key, Sequence[str]]:
        """What is found in TFRecord files.

        Args:
            examples: their pattern.
            without: columns that nobody wants to see.
            folder: where all of Beam's workers can write.
        """
        path = os.path.join(folder, "rows.json")
        with beam.Pipeline(options=PipelineOptions(list(beam_args))) as pipeline:
            _ = (
                pipeline
                | BlockTFXIO([examples], telemetry_descriptors=["Statistics"]).BeamSource()
                | beam.Map(counting.counted, without)
                | self
                | beam.Map(lambda found: json.dumps([*found.items()]))
                | beam.io.WriteToText(path, shard_name_template="")
            )
        with fileio.open(path) as file:
            found = {tuple(key): rows for key, rows in json.load(file)}
        fileio.remove(path)
        return found

    def expand(self, batches: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[dict[Key, list[str]]]:
        """See Beam."""
        return (
            batches
            | "Search" >> beam.FlatMap(self._search)
            | "Few" >> beam.combiners.Top.SmallestPerKey(self._search.count)
            | "Together" >> beam.combiners.ToDict()
        )


def attach(anomalies: Sequence[Anomaly], found: Mapping[Key, Sequence[str]]) -> list[Anomaly]:
    """The anomalies with their rows."""
    return [dataclasses.replace(each, rows=[json.loads(row) for row in found.get(each.key, ())]) for each in anomalies]


@dataclasses.dataclass(frozen=True)
class _Search:
    """Yields (anomaly, row) for a batch."""

    wanted: frozenset[Key]
    schema: schema_pb2.Schema
    environment: Optional[str]
    count: int

    def __call__(self, batch: pa.RecordBatch) -> Iterator[tuple[Key, str]]:
        found: Counter[Key] = Counter()
        parts = [batch]
        while parts:
            part = parts.pop()
            here = [key for key in self._anomalies(part) if found[key] < self.count] if part.num_rows else []
            if here and part.num_rows > 1:
                half = part.num_rows // 2
                parts += [part.slice(half), part.slice(0, half)]
                continue
            for key in here:
                found[key] += 1
                yield key, json.dumps(_readable(part), ensure_ascii=False)

    def _anomalies(self, batch: pa.RecordBatch) -> Collection[Key]:
        found = validation_api.validate_instance(batch, tfdv.StatsOptions(schema=self.schema), self.environment)
        return self.wanted & {each.key for each in read(found)}


def _strict(schema: schema_pb2.Schema) -> schema_pb2.Schema:
    """With no share of values that may break it: a batch shows what any of its rows has."""
    strict = schema_pb2.Schema()
    strict.CopyFrom(schema)
    for feature in strict.feature:
        feature.ClearField("distribution_constraints")
    return strict


def _readable(row: pa.RecordBatch) -> Row:
    return {name: _text(values[0]) for name, values in sorted(row.to_pydict().items())}


def _text(values: Optional[Sequence[object]]) -> str:
    texts = [each.decode(errors="replace") if isinstance(each, bytes) else str(each) for each in values or ()]
    return ", ".join(texts)[:_LONGEST]
