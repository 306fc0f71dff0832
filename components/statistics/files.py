"""Files of TFDV's statistics, read and looked through."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import tensorflow_data_validation as tfdv
from google.protobuf.message import DecodeError, Message
from google.protobuf.text_format import ParseError
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx.dsl.io import fileio

from components.errors import InputError
from components.statistics.slices import whole

Statistics: TypeAlias = statistics_pb2.DatasetFeatureStatisticsList


def load(file: str) -> Statistics:
    """The statistics in `file`, be it of no rows.

    Raises:
        InputError: it is no such file, is cut off, or is of another version.
    """
    found = _parsed(file)
    unknown = sorted({number for message in _messages(found) for number in _unknown(message)})
    if unknown:
        raise InputError(
            f"{file}: fields {', '.join(map(str, unknown))} in it are none of the statistics that TFDV "
            f"{tfdv.__version__} writes: another version's, or no statistics at all"
        )
    try:
        whole(found)
    except InputError as error:
        raise InputError(f"{file}: {error}") from error
    if not all(feature.path.step or feature.name for each in found.datasets for feature in each.features):
        raise InputError(f"{file}: it has features without a name: not what TFDV writes")
    return found


def read(file: str) -> Statistics:
    """The statistics in `file`, of rows there are.

    Raises:
        InputError: as `load`, or there are no rows.
    """
    found = load(file)
    if not whole(found).num_examples:
        raise InputError(f"{file}: statistics of no rows. Is the split empty?")
    return found


def read_rows(files: Mapping[str, str]) -> dict[str, Statistics]:
    """The statistics of each split that has rows, by the files of all splits.

    Raises:
        InputError: as `load`.
    """
    loaded = {split: load(file) for split, file in files.items()}
    return {split: found for split, found in loaded.items() if whole(found).num_examples}


def _parsed(file: str) -> Statistics:
    if not fileio.exists(file) or fileio.isdir(file):
        raise InputError(f"{file}: no such file of statistics")
    try:
        return tfdv.load_stats_text(file) if file.endswith(".pbtxt") else tfdv.load_stats_binary(file)
    except (DecodeError, ParseError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: expected statistics as TFDV {tfdv.__version__} writes them, but: {error}") from error


def _messages(found: Statistics) -> Iterator[Message]:
    """All but the histograms, of which there are many."""
    yield found
    for data in found.datasets:
        yield data
        for feature in data.features:
            yield feature
            kind = feature.WhichOneof("stats")
            if kind:
                yield getattr(feature, kind)
                yield getattr(getattr(feature, kind), "common_stats", feature)


def _unknown(message: Message) -> list[int]:
    return [field.field_number for field in message.UnknownFields()]
