"""Files of data, ingested as a run would ingest them, and what TFDV counts in them."""

from __future__ import annotations

import contextlib
import dataclasses
import glob
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence

import apache_beam as beam
import pyarrow as pa
import tensorflow_data_validation as tfdv
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions
from tensorflow_data_validation.utils import slicing_util
from tensorflow_metadata.proto.v0 import schema_pb2

from components.anomalies import Key
from components.drift.anomalous_rows import AnomalousRows
from components.errors import InputError, close_matches
from components.example_gen import temporary
from components.example_gen.settings import Settings
from components.example_gen.splits import HashSplits
from components.statistics import counting, files
from components.statistics.files import Statistics
from components.statistics.paths import FILE
from components.statistics.slices import whole
from pipeline.prediction import formats

_BUCKETS = 100
_SPLIT = "all"
_MOST_VALUES = 1000


@dataclasses.dataclass(frozen=True)
class Reading:
    """How files of data are read; without a format it is told by their names."""

    delimiter: str = ","
    images: tuple[str, ...] = ()
    format: formats.InputFormat | None = None
    beam_args: Sequence[str] = ("--runner=DirectRunner",)


@dataclasses.dataclass(frozen=True)
class Rows:
    """Examples in TFRecord files that are there as long as `ingested` is open.

    Attributes:
        path: the data that they come from.
        pattern: the files of examples.
        kinds: int, float, bytes or empty, by column.
    """

    path: str
    pattern: str
    kinds: Mapping[str, str]
    reading: Reading

    def statistics(self, slices: Mapping[str, Collection[str]]) -> Statistics:
        """Of all rows, and of those with each of the values named by column.

        Memory does not grow with the rows.
        """
        slicers = [
            slicing_util.get_feature_value_slicer({name: [self._as_stored(name, each) for each in values]})
            for name, values in slices.items()
        ]
        return self._counted(
            tfdv.StatsOptions(num_quantiles_histogram_buckets=_BUCKETS, experimental_slice_functions=slicers or None)
        )

    def values(self, column: str) -> Mapping[str, float]:
        """How many rows have each value of a column, for the most frequent ones.

        Raises:
            InputError: there is no such column, or it is one of fractions.
        """
        self.check_column(column, "slice")
        if self.kinds[column] == "float":
            raise InputError(f"--slice {column}: {self.path} has fractions in it. Slice by text or whole numbers")
        schema = schema_pb2.Schema()
        if self.kinds[column] == "int":
            schema.feature.add(name=column, type="INT").int_domain.is_categorical = True
        options = tfdv.StatsOptions(schema=schema, feature_allowlist=[column], num_rank_histogram_buckets=_MOST_VALUES)
        found = whole(self._counted(options)).features
        [feature] = [each for each in found if each.path.step[:] == [column]]
        return {each.label: each.sample_count for each in feature.string_stats.rank_histogram.buckets}

    def some(self, search: AnomalousRows) -> Mapping[Key, Sequence[str]]:
        """What `search` finds."""
        with tempfile.TemporaryDirectory(prefix="millrace-rows-") as folder:
            return search.run(self.pattern, self.reading.images, folder, self.reading.beam_args)

    def _as_stored(self, column: str, value: str) -> str | bytes:
        """TFDV turns digits into numbers on its own, but finds text by its bytes only."""
        return value.encode() if self.kinds[column] == "bytes" else value

    def check_column(self, column: str, option: str) -> None:
        """Raises InputError where there is no such column."""
        if column not in self.kinds:
            raise InputError(f"--{option} {column}: {self.path} has no such column.{close_matches(column, self.kinds)}")

    def _counted(self, options: tfdv.StatsOptions) -> Statistics:
        with tempfile.TemporaryDirectory(prefix="millrace-statistics-") as folder:
            path = os.path.join(folder, FILE)
            counting.write({path: [self.pattern]}, options, self.reading.images, self._pipeline)
            return files.load(path)

    def _pipeline(self) -> beam.Pipeline:
        return beam.Pipeline(options=PipelineOptions(list(self.reading.beam_args)))


@contextlib.contextmanager
def ingested(path: str, reading: Reading) -> Iterator[Rows]:
    """The rows of a file or pattern of CSV, TFRecord, JSON Lines or Parquet.

    Raises:
        InputError: nothing is there, or it cannot be read; names file and line.
    """
    try:
        FileSystems.get_filesystem(path)
    except ValueError as error:
        raise InputError(f"{path}: Beam, which reads files of data, cannot read there: {error}") from error
    settings = Settings(
        reading.format or formats.input_format([path]),
        HashSplits(((_SPLIT, 1),)),
        delimiter=reading.delimiter,
        images=reading.images,
    )
    with temporary.ingested(path, settings, reading.beam_args) as found:
        if not found.rows[_SPLIT]:
            raise InputError(f"{path}: no rows in it. Is the split empty?")
        pattern = found.pattern(_SPLIT)
        yield Rows(path, pattern, found.kinds or _kinds(pattern, reading.images), reading)


def _kinds(pattern: str, images: Collection[str]) -> dict[str, str]:
    """Of the columns of TFRecord files, which say nothing of them before they are read."""
    found = {}
    for batch in counting.record_batches(sorted(glob.glob(pattern)), images):
        for field in batch.schema:
            if not pa.types.is_null(field.type):
                value = field.type.value_type
                names = {pa.types.is_integer(value): "int", pa.types.is_floating(value): "float"}
                found[field.name] = names.get(True, "bytes")
    return found
