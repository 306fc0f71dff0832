"""The types of columns that arrive with one, as features of tf.Examples do: it must be the same in all files."""

from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa
from tensorflow.core.example import example_pb2
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.errors import InputError
from components.example_gen.arrow_cells import kind_of_type
from components.example_gen.cells import Kind
from components.example_gen.facts import Typed

_NAMES = {Kind.INT: "integers", Kind.FLOAT: "floats", Kind.BYTES: "bytes or text"}
_OF_LISTS = {"int64_list": _NAMES[Kind.INT], "float_list": _NAMES[Kind.FLOAT], "bytes_list": _NAMES[Kind.BYTES]}


def decoded(records: Sequence[bytes], file: str) -> pa.RecordBatch:
    """The columns of tf.Examples.

    Raises:
        InputError: one is of several types.
    """
    try:
        return ExamplesToRecordBatchDecoder().DecodeBatch(records)
    except RuntimeError:
        _one_by_one(records, file, ())
        raise


def of_records(records: Sequence[bytes], file: str, without: Collection[str]) -> dict[str, Typed]:
    """The types of columns but those called `without`.

    Raises:
        InputError: one is of several types.
    """
    try:
        batch = ExamplesToRecordBatchDecoder().DecodeBatch(records)
    except RuntimeError:
        return _one_by_one(records, file, without)
    return of_arrays(dict(zip(batch.schema.names, batch.columns, strict=True)), file, without)


def of_arrays(arrays: Mapping[str, pa.Array], file: str, without: Collection[str]) -> dict[str, Typed]:
    """The types of columns but those called `without`; none for one without a value."""
    kinds = {name: kind_of_type(array.type) for name, array in arrays.items() if name not in without}
    return {name: (_NAMES[kind], file) for name, kind in kinds.items() if kind in _NAMES}


def _one_by_one(records: Sequence[bytes], file: str, without: Collection[str]) -> dict[str, Typed]:
    """As `of_records`, many times slower: tfx_bsl stops at the first column that is of several types."""
    found: dict[str, Typed] = {}
    for record in records:
        features = example_pb2.Example.FromString(record).features.feature.items()
        kinds = {name: feature.WhichOneof("kind") for name, feature in features if name not in without}
        add(found, {name: (_OF_LISTS[kind], file) for name, kind in kinds.items() if kind})
    return found


def add(found: dict[str, Typed], more: Mapping[str, Typed]) -> None:
    """Put `more` into `found`.

    Raises:
        InputError: a column is of another type there.
    """
    for name, (holds, file) in more.items():
        before, other = found.setdefault(name, (holds, file))
        if holds != before:
            place = "other records of the file" if file == other else other
            raise InputError(
                f"{file}: column {name!r} holds {holds}, but {before} in {place}. A column has one type in all records "
                "of the data: write these anew"
            )
