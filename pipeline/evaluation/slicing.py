"""Slices in TFMA's terms. Ranges of a column are SQL, which TFMA runs on each batch of examples."""

from __future__ import annotations

from collections.abc import Sequence

from tensorflow_model_analysis.proto import config_pb2

from pipeline.config.evaluator import Evaluator, Ranges, SlicePart, Threshold, column_of


def slicing_specs(evaluator: Evaluator) -> list[config_pb2.SlicingSpec]:
    """All examples, the config's slices, and the slices of thresholds that are not among those."""
    specs = [config_pb2.SlicingSpec(), *map(_of_slice, evaluator.slices)]
    there = [sorted(map(column_of, each)) for each in evaluator.slices]
    ranges = evaluator.ranges
    for threshold in evaluator.thresholds:
        parts = [ranges.get(column, column) for column in threshold.slice]
        ranged = any(isinstance(part, Ranges) for part in parts)
        spec = _of_slice(parts) if ranged else of_threshold(threshold)
        if sorted(threshold.slice) not in there and spec not in specs:
            specs.append(spec)
    return specs


def of_threshold(threshold: Threshold) -> config_pb2.SlicingSpec:
    """The slice that a threshold is about."""
    return config_pb2.SlicingSpec(feature_values={column: str(value) for column, value in threshold.slice.items()})


def _of_slice(parts: Sequence[SlicePart]) -> config_pb2.SlicingSpec:
    parts = sorted(parts, key=column_of)
    if any(isinstance(part, Ranges) for part in parts):
        return config_pb2.SlicingSpec(slice_keys_sql=_sql(parts))
    return config_pb2.SlicingSpec(feature_keys=map(column_of, parts))


def _sql(parts: Sequence[SlicePart]) -> str:
    """{column: its value, or its range} of an example, in the order that TFMA keeps columns in; NaN is in no slice."""
    fields, sources, conditions = [], [], []
    for number, part in enumerate(parts):
        value, column = f"value_{number}", _quoted(column_of(part))
        sources.append(f"UNNEST(example.{column}) AS {value}")
        if isinstance(part, Ranges):
            conditions.append(f"NOT IS_NAN(CAST({value} AS DOUBLE))")
        fields.append(f"{_case(value, part) if isinstance(part, Ranges) else value} AS {column}")
    return f"SELECT STRUCT({', '.join(fields)}) FROM {', '.join(sources)} WHERE {' AND '.join(conditions)}"


def _case(value: str, ranges: Ranges) -> str:
    whens = [
        f'WHEN {value} < {bound!r} THEN "{name}"' for bound, name in zip(ranges.boundaries, ranges.names, strict=False)
    ]
    return f'CASE {" ".join(whens)} ELSE "{ranges.names[-1]}" END'


def _quoted(column: str) -> str:
    escaped = column.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"
