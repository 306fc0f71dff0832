"""Predictions and labels of two spans by one model: a small SavedModel on real examples."""

from __future__ import annotations

import html
import json
import pathlib

import numpy as np
import pytest
from tfx.types import Artifact, Channel
from tfx.types.standard_artifacts import Examples, ExampleStatistics, Model

from components.artifacts import DriftReports
from components.drift.prediction_drift import Executor, PredictionDrift
from components.drift.result import FILE, Comparison, Comparisons
from components.errors import InputError
from tests import tiny_model

CLASSES = {"y": ("no", "yes"), "z": None, "c": ()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A model, and the spans 1 and 2, which are alike, and 3, in which x and the labels lie higher."""
    folder = tmp_path_factory.mktemp("predictions")
    tiny_model.save(str(folder / "model/Format-Serving"), heads=("y", "z", "c"))
    for span, shift in ((1, 0.0), (2, 0.0), (3, 1.5)):
        toss = np.random.default_rng(span)
        rows = []
        for _ in range(800):
            x = float(toss.normal(shift))
            rows.append({"x": x, "kind": "a", "y": int(x > 0), "z": x / 2, "c": int(toss.integers(3)), "w": 1.0})
        tiny_model.write_split(str(folder / f"span-{span}"), "eval", rows)
    return folder


def _examples(folder: pathlib.Path, span: int) -> Artifact:
    examples = Examples()
    examples.uri, examples.split_names = str(folder / f"span-{span}"), '["train", "eval"]'
    examples.set_int_custom_property("span", span)
    return examples


def _compare(folder: pathlib.Path, out: pathlib.Path, span: int, *earlier: int) -> tuple[Comparison, dict[str, str]]:
    """The comparison, and the state of each column."""
    model, reports = Model(), DriftReports()
    model.uri, reports.uri = str(folder / "model"), str(out)
    of_examples, refused = Channel(type=Examples), Channel(type=ExampleStatistics)
    node = PredictionDrift(Channel(type=Model), of_examples, of_examples, refused, CLASSES, "eval", 100)
    inputs = {
        "model": [model],
        "examples": [_examples(folder, span)],
        "earlier": [_examples(folder, each) for each in earlier],
    }
    Executor().Do(inputs, {"reports": [reports]}, dict(node.exec_properties))
    [found] = Comparisons.model_validate_json((out / FILE).read_text()).comparisons
    numbers = pathlib.Path(out, found.page).with_name("drift.json")
    features = json.loads(numbers.read_text())["features"] if numbers.exists() else []
    return found, {f"{each['role']} {each['name']}": each["state"] for each in features}


def test_what_moved_is_told_apart_as_label_or_prediction(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    found, states = _compare(folder, tmp_path, 3, 1, 2)
    assert (found.title, found.state) == ("span 3, predictions against span 2, predictions", "drift")
    assert states["label label_y"] == states["label label_z"] == "drift"
    assert states["prediction predicted_y"] == states["prediction predicted_z"] == "drift"
    assert states["label label_c"] == "ok"
    assert all("x" not in name.split() for name in states)
    numbers = json.loads((tmp_path / "predictions/drift.json").read_text())
    [label] = [each for each in numbers["features"] if each["name"] == "label_y"]
    assert label["current"]["type"] == "string"


def test_spans_that_are_alike_pass(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    found, states = _compare(folder, tmp_path, 2, 1)
    assert found.state == "ok"
    assert set(states.values()) == {"ok"}


def test_a_first_span_has_no_baseline(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    found, states = _compare(folder, tmp_path, 1)
    assert (found.state, states) == ("no baseline", {})


def test_an_earlier_span_of_other_types_is_not_comparable(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    tiny_model.write_split(
        str(folder / "span-0"), "eval", [{"x": "text", "kind": "a", "y": 0, "z": 1.0, "c": 0, "w": 1.0}]
    )
    found, _ = _compare(folder, tmp_path, 1, 0)
    assert (found.title, found.state) == ("span 1, predictions against span 0", "not comparable")
    assert found.verdict.startswith("Not comparable: span 0: the model in ")
    assert "cannot read these rows" in found.verdict
    assert found.verdict in html.unescape((tmp_path / found.page).read_text())


def test_examples_of_other_columns_are_bad_input(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    tiny_model.write_split(str(tmp_path / "span-5"), "eval", [{"x": "text", "y": 0}])
    broken = _examples(tmp_path, 5)
    with pytest.raises(InputError, match="cannot read these rows"):
        _run_on(folder, broken, tmp_path)


def _run_on(folder: pathlib.Path, examples: Artifact, out: pathlib.Path) -> None:
    model, reports = Model(), DriftReports()
    model.uri, reports.uri = str(folder / "model"), str(out)
    properties = {"classes": json.dumps({"y": ["no", "yes"]}), "split": "eval", "quantile_buckets": 100}
    Executor().Do({"model": [model], "examples": [examples]}, {"reports": [reports]}, properties)
