"""Predictions as Examples, by the real executor."""

from __future__ import annotations

import pathlib

import pytest
import tensorflow as tf
from tfx.types import standard_artifacts
from tfx.types.artifact import Artifact

from components import columns
from components import examples as example_files
from components.errors import InputError
from components.predictions import Executor
from components.saved_model import Model
from tests import tiny_model

ROWS = [{"x": 1.0, "kind": "a", "note": "kept"}, {"x": -3.0, "kind": "b", "note": "kept too"}]


def _predict(folder: pathlib.Path, heads: tuple[str, ...], without: str = "[]") -> Artifact:
    examples, model, predictions = (
        standard_artifacts.Examples(),
        standard_artifacts.Model(),
        standard_artifacts.Examples(),
    )
    examples.uri, model.uri, predictions.uri = (str(folder / name) for name in ("examples", "model", "predictions"))
    examples.split_names, examples.span = '["train", "eval"]', 4
    examples.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
    tiny_model.write_split(examples.uri, "train", ROWS * 1000)
    tiny_model.write_split(examples.uri, "eval", ROWS)
    tiny_model.save(f"{model.uri}/Format-Serving", heads=heads)
    Executor().Do({"examples": [examples], "model": [model]}, {"predictions": [predictions]}, {"without": without})
    return predictions


def _rows(predictions: Artifact, split: str) -> list[dict[str, object]]:
    found = []
    for record in example_files.records(example_files.files(predictions, split)):
        row: dict[str, object] = {}
        for name, feature in tf.train.Example.FromString(record).features.feature.items():
            (row[name],) = getattr(feature, feature.WhichOneof("kind")).value
        found.append(row)
    return found


def test_rows_keep_their_columns_and_order_and_get_predictions(tmp_path: pathlib.Path) -> None:
    predictions = _predict(tmp_path, heads=("y", "z", "c"))
    assert (predictions.span, predictions.split_names) == (4, '["train", "eval"]')
    assert predictions.get_string_custom_property("payload_format") == "FORMAT_TF_EXAMPLE"
    first, second = _rows(predictions, "eval")
    assert first == {
        "x": 1.0,
        "kind": b"a",
        "note": b"kept",
        "predicted_y": b"yes",
        "predicted_y_score": pytest.approx(0.7311, abs=1e-4),
        "predicted_y_probability": pytest.approx(0.7311, abs=1e-4),
        "predicted_z": 2.0,
        "predicted_c": b"c",
        "predicted_c_score": pytest.approx(0.6652, abs=1e-4),
    }
    assert second["predicted_y"] == b"no"
    assert second["predicted_y_probability"] == pytest.approx(0.0474, abs=1e-4)
    assert [row["x"] for row in _rows(predictions, "train")] == [1.0, -3.0] * 1000


def test_columns_may_be_left_out_although_the_model_reads_them(tmp_path: pathlib.Path) -> None:
    first, second = _rows(_predict(tmp_path, heads=("z",), without='["x", "none"]'), "eval")
    assert first == {"kind": b"a", "note": b"kept", "predicted": 2.0}
    assert second == {"kind": b"b", "note": b"kept too", "predicted": -6.0}


def test_a_column_of_that_name_is_refused(tmp_path: pathlib.Path) -> None:
    model = Model(tiny_model.save(str(tmp_path)))
    records = [tiny_model.example({"x": 1.0, "predicted": 2.0})]
    with pytest.raises(InputError, match="columns called predicted, as the model's are"):
        columns.with_columns(records, model.of_examples(records))


def test_with_one_head_the_names_are_short(tmp_path: pathlib.Path) -> None:
    model = Model(tiny_model.save(str(tmp_path), heads=("z",)))
    assert model.of_examples([tiny_model.example({"x": 2.5})])["predicted"].tolist() == [5.0]
    assert model.columns == {"kind": True, "x": False}
