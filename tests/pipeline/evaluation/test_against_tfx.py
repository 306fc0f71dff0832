"""Our Evaluator writes what TFX's own executor writes: the same files, the same slices, the same numbers."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import tensorflow as tf
from google.protobuf import json_format
from tensorflow_model_analysis.proto import metrics_for_slice_pb2, validation_result_pb2
from tfx.components.evaluator import executor

from tests.pipeline.evaluation.bench import Bench, Judged

WRITTEN = {
    "metrics-00000-of-00001.tfrecord": metrics_for_slice_pb2.MetricsForSlice,
    "plots-00000-of-00001.tfrecord": metrics_for_slice_pb2.PlotsForSlice,
    "attributions-00000-of-00001.tfrecord": metrics_for_slice_pb2.AttributionsForSlice,
    "validations.tfrecord": validation_result_pb2.ValidationResult,
}
NAME = {
    "metricKeysAndValues": "key",
    "plotKeysAndValues": "key",
    "metricValidationsPerSlice": "sliceKey",
    "slicingDetails": "slicingSpec",
}
"""What entries of a repeated field go by; TFMA writes them in no order."""


@pytest.mark.parametrize("name", ["several", "compared"])
def test_tfx_writes_the_same(bench: Bench, request: pytest.FixtureRequest, name: str) -> None:
    ours: Judged = request.getfixturevalue(name)
    candidate, baseline = ours.models
    theirs = bench.judge(f"{name}-by-tfx", ours.config, candidate, baseline, executor.Executor)
    assert ours.blessed == theirs.blessed
    assert (
        sorted(os.listdir(ours.folder)) == sorted(os.listdir(theirs.folder)) == sorted([*WRITTEN, "eval_config.json"])
    )
    assert _read(ours, "eval_config.json") == _read(theirs, "eval_config.json")
    for file in WRITTEN:
        found, expected = dict(_read(ours, file)), dict(_read(theirs, file))
        assert found.keys() == expected.keys()
        for place, value in expected.items():
            numbers = isinstance(value, float)
            assert found[place] == (pytest.approx(value, rel=1e-6, abs=1e-6, nan_ok=True) if numbers else value), place


def _read(judged: Judged, file: str) -> Any:
    """Every value of a file by its place in it."""
    path = os.path.join(judged.folder, file)
    if file not in WRITTEN:
        with open(path) as text:
            return json.load(text)["evalConfig"]
    records = tf.data.TFRecordDataset(path).as_numpy_iterator()
    messages = [json_format.MessageToDict(WRITTEN[file].FromString(record)) for record in records]
    return {place: value for message in messages for place, value in _leaves(message, json.dumps(_slice(message)))}


def _slice(message: dict[str, Any]) -> Any:
    return message.get("sliceKey", {})


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            by = NAME.get(name)
            entries = {json.dumps(entry.get(by), sort_keys=True): entry for entry in each} if by else None
            yield from _leaves(each if entries is None else entries, f"{place}/{name}")
    elif isinstance(value, list):
        yield f"{place}/length", len(value)
        for index, each in enumerate(value):
            yield from _leaves(each, f"{place}/{index}")
    elif isinstance(value, str) and place.endswith("/value/bytesValue"):
        # What our own metrics make, JSON in base64.
        yield from _leaves(json.loads(base64.b64decode(value)), place)
    elif value in ("NaN", "Infinity", "-Infinity"):
        yield place, float(value)
    else:
        yield place, value
