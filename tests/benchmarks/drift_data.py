"""Columns to compare: of ten, five are numbers and five categories; in the current data every other one has moved."""

from __future__ import annotations

import csv
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.statistics import direct

_BATCH = 10_000


def write_csv(path: str, rows: int, features: int) -> None:
    """A file of the baseline's rows."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"column_{place}" for place in range(features)])
        for size, rng in _batches(rows, 0):
            columns = [each for _ in range(features // 10) for each in _columns(size, rng, 0)]
            writer.writerows(zip(*(each.tolist() for each in columns), strict=True))


def ten_statistics(rows: int, side: int) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Statistics of ten features."""
    batches = (_record_batch(_columns(size, rng, side)) for size, rng in _batches(rows, side))
    return direct.statistics(batches, tfdv.StatsOptions(num_quantiles_histogram_buckets=100))


def write_statistics(path: str, found: statistics_pb2.DatasetFeatureStatisticsList, count: int) -> None:
    """A file of `count` features: those of `found`, again and again by other names."""
    ten = list(found.datasets[0].features)
    more = statistics_pb2.DatasetFeatureStatisticsList()
    more.CopyFrom(found)
    del more.datasets[0].features[:]
    for place in range(count):
        feature = more.datasets[0].features.add()
        feature.CopyFrom(ten[place % 10])
        feature.path.step[:] = [f"{ten[place % 10].path.step[0]}_{place // 10}"]
    pathlib.Path(path).write_bytes(more.SerializeToString())


def _batches(rows: int, side: int) -> Iterator[tuple[int, np.random.Generator]]:
    rng = np.random.default_rng(side)
    for _ in range(rows // _BATCH):
        yield _BATCH, rng


def _columns(size: int, rng: np.random.Generator, side: int) -> list[Any]:
    numbers = [rng.gamma(1 + place, 1 + 0.3 * side * (place % 2), size) for place in range(5)]
    texts = [rng.zipf(1.2 + 0.2 * place + 0.2 * side * (place % 2), size) % 500 for place in range(5)]
    # A letter, so that a CSV file has categories in it and no whole numbers.
    return [*(each.astype(np.float32) for each in numbers), *(np.char.add("v", each.astype(str)) for each in texts)]


def _record_batch(columns: list[Any]) -> pa.RecordBatch:
    cells = [each if each.dtype == np.float32 else each.astype("S") for each in columns]
    ends = pa.array(np.arange(len(cells[0]) + 1, dtype=np.int32))
    lists = [pa.ListArray.from_arrays(ends, pa.array(each)) for each in cells]
    return pa.RecordBatch.from_arrays(lists, [f"column_{place}" for place in range(len(lists))])
