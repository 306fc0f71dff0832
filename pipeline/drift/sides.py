"""Two paths compared."""

from __future__ import annotations

import os

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.drift.report import Report, Side, report
from components.drift.slices import whole
from components.drift.thresholds import Kind
from pipeline.statistics.sources import Reading, short, statistics


def compare(baseline: str, current: str, reading: Reading, schema: schema_pb2.Schema | None, kind: Kind) -> Report:
    """The report on two paths, as `sources.statistics` understands them.

    Raises:
        InputError: one of them or the schema is of no use.
    """
    return report(_side(baseline, reading), _side(current, reading), schema, kind)


def _side(path: str, reading: Reading) -> tuple[Side, statistics_pb2.DatasetFeatureStatisticsList]:
    found = statistics(os.path.abspath(path), reading)
    return Side(short(path), path, int(whole(found).num_examples)), found
