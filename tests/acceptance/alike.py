"""Whether the artifacts of two runs say the same, whatever ran their Beam steps."""

from __future__ import annotations

import collections
import math
import pathlib
from collections.abc import Iterator

import pytest
import tensorflow as tf
from google.protobuf.message import Message
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.evaluation_report import result
from pipeline import runs


def artifact(root: pathlib.Path, node: str, key: str) -> list[pathlib.Path]:
    """The folders of an output of a node, of all spans, oldest first."""
    records = [record.node(node) for record in sorted(runs.list_runs(str(root)), key=lambda each: each.span or 0)]
    return [pathlib.Path(uri) for found in records if found for uri in found.artifacts.get(key, ())]


def records(folder: pathlib.Path) -> dict[str, collections.Counter[bytes]]:
    """How often each example stands in each split, whatever the order in which its features are written."""
    return {
        split.name: collections.Counter(
            tf.train.Example.FromString(record.numpy()).SerializeToString(deterministic=True)
            for record in tf.data.TFRecordDataset(sorted(map(str, split.glob("*.gz"))), "GZIP")
        )
        for split in folder.glob("Split-*")
    }


def files(folder: pathlib.Path) -> dict[str, bytes]:
    """The contents of all files in a folder, by path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def metrics(root: pathlib.Path) -> dict[str, float]:
    """What the report says of all slices; NaN is what cannot be computed."""
    [folder] = artifact(root, "EvaluationReport", "report")
    return {
        f"{head.name} {each.slice} {name}": math.nan if cell.candidate.value is None else cell.candidate.value
        for head in result.load(str(folder)).heads
        for each in head.slices
        for name, cell in each.metrics.items()
    }


def check_runs(one: pathlib.Path, other: pathlib.Path) -> None:
    """Assert that two roots with a run of the same config hold the same."""
    for node, key in (
        ("ExampleGen", "examples"),
        ("Transform", "transformed_examples"),
        ("Predictions", "predictions"),
    ):
        pairs = list(zip(artifact(one, node, key), artifact(other, node, key), strict=True))
        assert pairs
        for first, second in pairs:
            found = records(first)
            assert sum(map(len, found.values()))
            assert found == records(second)
    for first, second in zip(
        artifact(one, "StatisticsGen", "statistics"), artifact(other, "StatisticsGen", "statistics"), strict=True
    ):
        for file in first.rglob("FeatureStats.pb"):
            check_statistics(file, second / file.relative_to(first))
    [schema], [same] = artifact(one, "SchemaGen", "schema"), artifact(other, "SchemaGen", "schema")
    assert files(schema) == files(same)
    [graph], [like] = artifact(one, "Transform", "transform_graph"), artifact(other, "Transform", "transform_graph")
    assets = files(graph / "transform_fn/assets")
    assert assets
    assert assets == files(like / "transform_fn/assets")
    assert metrics(one) == pytest.approx(metrics(other), rel=1e-6, nan_ok=True)
    assert len(metrics(one)) >= 5


def check_statistics(one: pathlib.Path, other: pathlib.Path) -> None:
    """Assert that two files of statistics hold the same numbers, to 1e-12."""
    found, like = (
        dict(_leaves(statistics_pb2.DatasetFeatureStatisticsList.FromString(file.read_bytes())))
        for file in (one, other)
    )
    assert found.keys() == like.keys()
    numbers = {path for path, value in found.items() if isinstance(value, float)}
    assert numbers
    for path, value in found.items():
        if path in numbers:
            assert like[path] == pytest.approx(value, rel=1e-12, abs=1e-12, nan_ok=True), path
        else:
            assert like[path] == value, path


def _leaves(message: Message, path: str = "") -> Iterator[tuple[str, object]]:
    """Each value in a message, with where it stands."""
    for field, value in message.ListFields():
        values = list(value) if field.label == field.LABEL_REPEATED else [value]
        for index, each in enumerate(values):
            place = f"{path}/{field.name}[{index}]"
            if isinstance(each, Message):
                yield from _leaves(each, place)
            else:
                yield place, each
