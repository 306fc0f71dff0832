"""Files of TFDV's statistics."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import tensorflow_data_validation as tfdv
from google.protobuf.message import DecodeError, Message
from google.protobuf.text_format import ParseError
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.drift.slices import whole
from components.errors import InputError

FILE = "FeatureStats.pb"


def find(path: str) -> str | None:
    """The file of statistics that `path` is or holds; None where it must be data.

    Raises:
        InputError: it is a folder with none, or with several.
    """
    if path.endswith((".pb", ".pbtxt")):
        return path
    if not os.path.isdir(path):
        return None
    if os.path.isfile(os.path.join(path, FILE)):
        return os.path.join(path, FILE)
    splits = sorted(name for name in os.listdir(path) if os.path.isfile(os.path.join(path, name, FILE)))
    if splits:
        named = ", ".join(os.path.join(path, name) for name in splits)
        raise InputError(f"{path} holds the statistics of several splits: name one of {named}")
    raise InputError(f"{path} is a folder without {FILE}. Name files of data by a pattern, as in '{path}/*.csv'")


def read(file: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    """The statistics in `file`, of rows there are.

    Raises:
        InputError: it is no such file, is cut off, is of another version, or there are no rows.
    """
    found = _loaded(file)
    check(found, file)
    return found


def read_rows(files: Mapping[str, str]) -> dict[str, statistics_pb2.DatasetFeatureStatisticsList]:
    """The statistics of each split that has rows, by the files of all splits.

    Raises:
        InputError: as `read`.
    """
    loaded = {split: _loaded(file) for split, file in files.items()}
    kept = {
        split: found
        for split, found in loaded.items()
        if not found.datasets or any(each.num_examples for each in found.datasets)
    }
    for split, found in kept.items():
        check(found, files[split])
    return kept


def _loaded(file: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    if not os.path.isfile(file):
        raise InputError(f"{file}: no such file")
    try:
        return tfdv.load_stats_text(file) if file.endswith(".pbtxt") else tfdv.load_stats_binary(file)
    except (DecodeError, ParseError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: expected statistics as TFDV {tfdv.__version__} writes them, but: {error}") from error


def check(found: statistics_pb2.DatasetFeatureStatisticsList, file: str) -> None:
    """Raises InputError, which names `file`, for statistics of no rows or with fields that nobody knows here."""
    unknown = sorted({number for message in _messages(found) for number in _unknown(message)})
    if unknown:
        raise InputError(
            f"{file}: fields {', '.join(map(str, unknown))} in it are none of the statistics that TFDV "
            f"{tfdv.__version__} writes: another version's, or no statistics at all"
        )
    try:
        rows = whole(found).num_examples
    except InputError as error:
        raise InputError(f"{file}: {error}") from error
    if not rows:
        raise InputError(f"{file}: statistics of no rows. Is the split empty?")
    if not all(feature.path.step or feature.name for each in found.datasets for feature in each.features):
        raise InputError(f"{file}: it has features without a name: not what TFDV writes")


def _messages(found: statistics_pb2.DatasetFeatureStatisticsList) -> Iterator[Message]:
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
