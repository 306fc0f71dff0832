"""Parquet: row groups are the ranges."""

import contextlib
import dataclasses
import json
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from components.errors import InputError
from components.example_gen.arrow_cells import ArrowCells, is_list, kind_of_type
from components.example_gen.facts import Chunk, Range
from components.example_gen.formats import TableBlock
from components.example_gen.settings import Settings

_BLOCK_ROWS = 16384
_BLOCK_BYTES = 16 << 20
_BUFFER = 1 << 20
"""Bytes that are read of a column at a time; otherwise all that a row group has of it."""


@dataclasses.dataclass(frozen=True)
class Footer:
    """What the end of a Parquet file says."""

    file: str
    index: int
    columns: tuple[str, ...]
    group_rows: tuple[int, ...]


class Parquet:
    """Numbers, booleans, text, binary and lists of them; other types are refused."""

    def __init__(self, settings: Settings) -> None:
        del settings

    def chunks(self, file: str, size: int) -> list[Chunk]:
        """See Format."""
        if not size:
            raise InputError(f"{file}: the file is empty. Remove it, or write a Parquet file there")
        return [Chunk(file, 0, 0, size)]

    def scan(self, chunk: Chunk) -> Footer:
        """See Format."""
        with _opened(chunk.file) as parquet:
            schema = parquet.schema_arrow
            for field in schema:
                _check(chunk.file, field)
            if len(set(schema.names)) < len(schema.names):
                raise InputError(f"{chunk.file}: two columns have the same name: {', '.join(schema.names)}. Rename one")
            rows = tuple(parquet.metadata.row_group(group).num_rows for group in range(parquet.num_row_groups))
        return Footer(chunk.file, chunk.index, tuple(schema.names), rows)

    def plan(self, scans: Sequence[Footer]) -> list[Range]:
        """See Format."""
        footer, row, ranges = scans[0], 1, []
        for group, rows in enumerate(footer.group_rows):
            ranges.append(Range(footer.file, group, group + 1, row, footer.columns))
            row += rows
        return ranges or [Range(footer.file, 0, 0, 1, footer.columns)]

    def read(self, part: Range) -> Iterator[TableBlock]:
        """See Format."""
        row = part.first_line
        with _opened(part.file) as parquet:
            groups = list(range(part.start, part.stop))
            rows = min((_block_rows(parquet.metadata.row_group(group)) for group in groups), default=0)
            for batch in parquet.iter_batches(rows, row_groups=groups) if groups else ():
                columns = {name: ArrowCells(batch.column(index)) for index, name in enumerate(part.columns)}
                for name, cells in columns.items():
                    _check_size(part.file, row, name, cells.array)
                yield TableBlock(batch.num_rows, _Rows(batch, row), columns)
                row += batch.num_rows


def _block_rows(group: pq.RowGroupMetaData) -> int:
    """So many that a block is not much above _BLOCK_BYTES."""
    a_row = max(1, group.total_byte_size // max(1, group.num_rows))
    return max(1, min(_BLOCK_ROWS, _BLOCK_BYTES // a_row))


@dataclasses.dataclass(frozen=True)
class _Rows:
    batch: pa.RecordBatch
    first: int

    def place(self, row: int) -> str:
        """See Origin."""
        return f"row {self.first + row}"

    def raw(self, row: int) -> bytes:
        """See Origin."""
        return json.dumps(self.batch.slice(row, 1).to_pylist()[0], default=repr).encode()


@contextlib.contextmanager
def _opened(path: str) -> Iterator[pq.ParquetFile]:
    with FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        try:
            yield pq.ParquetFile(file, buffer_size=_BUFFER)
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(f"{path}: this is no complete Parquet file ({error}). Fetch it again") from error


def _check(path: str, field: pa.Field) -> None:
    try:
        kind_of_type(field.type)
    except TypeError:
        raise InputError(
            f"{path}: column {field.name!r} has the type {field.type}, which no feature can hold. "
            "Expected integers, floats, booleans, text, binary or lists of them: convert or drop the column"
        ) from None


def _check_size(path: str, row: int, name: str, array: pa.Array) -> None:
    """Unsigned integers may be larger than a tf.Example can hold."""
    values = array.flatten() if is_list(array.type) else array
    if not pa.types.is_uint64(values.type):
        return
    largest = pc.max(values).as_py()
    if largest is not None and largest > np.iinfo(np.int64).max:
        raise InputError(
            f"{path}, from row {row}: column {name!r} holds {largest}, and a feature holds integers up to 2**63 - 1: "
            "convert the column to text or to floats"
        )
