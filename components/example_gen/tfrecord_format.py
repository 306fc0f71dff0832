"""TFRecord files of tf.Example: records pass through unchanged, properties of images are appended to them."""

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Optional

import numpy as np
from google.protobuf.message import DecodeError
from tensorflow.core.example import example_pb2

from components.errors import InputError
from components.example_gen import example_wire, images, record_types
from components.example_gen.arrow_cells import ArrowCells
from components.example_gen.cells import Cells, Inferred, Kind
from components.example_gen.facts import BadRow, Chunk, Range, Typed
from components.example_gen.formats import missing
from components.example_gen.settings import Settings
from components.example_gen.splits import GroupSplits, RowSplits, TimeSplits, column_of
from components.example_gen.text_files import opened
from components.tfrecords.blocks import cut
from components.tfrecords.frames import frames


class TfRecord:
    """A file is one range, as nothing in it says where a record begins but the records before it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._column = column_of(settings.splits)

    def chunks(self, file: str, size: int) -> list[Chunk]:
        """See Format."""
        if not size:
            raise InputError(f"{file}: the file is empty. Remove it, or write records into it")
        return [Chunk(file, 0, 0, size)]

    def scan(self, chunk: Chunk) -> Chunk:
        """See Format."""
        return chunk

    def plan(self, scans: Sequence[Chunk]) -> list[Range]:
        """See Format."""
        return [Range(scans[0].file, 0, scans[0].stop)]

    def read(self, part: Range) -> Iterator["RecordBlock"]:
        """See Format."""
        with opened(part.file, self._settings.is_gzip(part.file)) as file:
            for batch in cut(frames(part.file, file)):
                yield self._block(part.file, batch)

    def _block(self, file: str, batch: list[tuple[int, bytes]]) -> "RecordBlock":
        parsed = [_parsed(record) for _, record in batch]
        good = [example for example in parsed if example is not None]
        measured = iter(images.properties(good, self._settings.images, self._settings.max_pixels))
        places, records, keys, kept, bad = [], [], [], [], []
        for (position, record), example in zip(batch, parsed, strict=True):
            found = "expected a tf.Example with features" if example is None else next(measured)
            if example is None or isinstance(found, str):
                bad.append(BadRow(file, f"byte {position}", str(found), record))
                continue
            places.append(position)
            records.append(record)
            keys.append(example.SerializeToString(deterministic=True))
            kept.append(found)
        whole = images.appended(records, kept) if self._settings.images else records
        return RecordBlock(len(records), _Bytes(places, records), whole, keys, self._columns(records, file), bad, file)

    def _columns(self, records: list[bytes], file: str) -> dict[str, ArrowCells]:
        """The columns, where one of them makes the splits; none where the whole record does."""
        if self._column is None or not records:
            return {}
        batch = record_types.decoded(records, file)
        return {name: ArrowCells(array) for name, array in zip(batch.schema.names, batch.columns, strict=True)}


@dataclasses.dataclass
class RecordBlock:
    """Serialised tf.Examples; the deterministic serialisation of each as it arrived is its key."""

    rows: int
    origin: "_Bytes"
    records: list[bytes]
    keys: list[bytes]
    columns: Mapping[str, ArrowCells]
    bad: list[BadRow]
    file: str

    def types(self, without: Collection[str]) -> dict[str, Typed]:
        """See Block."""
        if self.columns or not self.rows:
            arrays = {name: cells.array for name, cells in self.columns.items()}
            return record_types.of_arrays(arrays, self.file, without)
        return record_types.of_records(self.records, self.file, without)

    def infer(self) -> dict[str, Inferred]:
        """See Block."""
        return {name: cells.infer() for name, cells in self.columns.items()}

    def encode(self, kinds: Mapping[str, Kind], mask: np.ndarray) -> Iterator["RecordPart"]:
        """See Block."""
        rows = np.flatnonzero(mask).tolist()
        columns = {name: cells.keep(mask) for name, cells in self.columns.items()}
        yield RecordPart([self.records[row] for row in rows], [self.keys[row] for row in rows], columns, kinds)


@dataclasses.dataclass
class RecordPart:
    """Records that are already serialised."""

    records: list[bytes]
    keys: list[bytes]
    columns: Mapping[str, Cells]
    kinds: Mapping[str, Kind]

    def splits(self, splits: RowSplits) -> np.ndarray:
        """See Part."""
        if not self.records:
            return np.zeros(0, np.int64)
        if isinstance(splits, TimeSplits):
            return splits.of_cells(self.columns[splits.column])
        if isinstance(splits, GroupSplits):
            kind, rows = self.kinds[splits.column], len(self.records)
            cells = self.columns.get(splits.column)
            column = cells.ragged(kind) if cells else missing(kind, rows)
            return splits.of_keys(example_wire.encode_features(column, rows))
        return splits.of_keys(self.keys)


@dataclasses.dataclass(frozen=True)
class _Bytes:
    positions: list[int]
    records: list[bytes]

    def place(self, row: int) -> str:
        """See Origin."""
        return f"byte {self.positions[row]}"

    def raw(self, row: int) -> bytes:
        """See Origin."""
        return self.records[row]


def _parsed(record: bytes) -> Optional[example_pb2.Example]:
    """None for what is no tf.Example, or has no features."""
    try:
        example = example_pb2.Example.FromString(record)
    except DecodeError:
        return None
    return example if example.features.feature else None
