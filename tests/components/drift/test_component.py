"""The node that compares: its executor on statistics and examples of rows that are known."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence
from typing import Any

import apache_beam as beam
import numpy as np
import pytest
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import Artifact
from tfx.types.standard_artifacts import Examples, ExampleStatistics, Schema

from components import statistics_gen
from components.artifacts import DriftReports
from components.drift.component import Executor, Settings
from components.drift.result import FILE, Comparison, Comparisons
from tests import tiny_model

SCHEMA = """
    default_environment: "TRAINING"
    default_environment: "SERVING"
    feature { name: "id" type: INT }
    feature { name: "x" type: FLOAT float_domain { max: 90 } }
    feature { name: "shop" type: BYTES }
    feature { name: "y" type: INT not_in_environment: "SERVING" }
"""
OPTIONS = statistics_gen.options(100, [["shop"]])
SETTINGS = Settings(
    spans=True,
    previous=True,
    window=0,
    splits=(),
    labels=("y",),
    key=("id",),
    rows=2,
    stats_options=OPTIONS.to_json(),
    without=(),
)


def _rows(seed: int, shift: float) -> list[dict[str, Any]]:
    """In shop b, and only there, x lies higher by `shift`."""
    toss = np.random.default_rng(seed)
    shops = ["a" if number % 2 else "b" for number in range(600)]
    return [
        {"id": number, "x": float(toss.normal() + shift * (shop == "b")), "shop": shop, "y": number % 2}
        for number, shop in enumerate(shops)
    ]


class Folder:
    """Artifacts of spans, as the nodes before this one leave them."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        (path / "schema").mkdir()
        (path / "schema/schema.pbtxt").write_text(SCHEMA)
        self.schema = Schema()
        self.schema.uri = str(path / "schema")

    def put(self, name: str, span: int, rows: Sequence[dict[str, Any]]) -> tuple[Artifact, Artifact]:
        """Examples, and their statistics."""
        examples, statistics = Examples(), ExampleStatistics()
        for artifact, kind in ((examples, "examples"), (statistics, "statistics")):
            artifact.uri, artifact.split_names, artifact.span = str(self.path / f"{name}-{kind}"), '["train"]', span
        tiny_model.write_split(examples.uri, "train", rows)
        paths = {"train": f"{statistics.uri}/Split-train/FeatureStats.pb"}
        statistics_gen.write([examples], paths, OPTIONS, (), beam.Pipeline)
        return examples, statistics


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Comparison, dict[str, Any]]]:
    """Comparisons by name, with the numbers beside their pages.

    Serving data has the rows of the current span but for their labels, with another x in three of them, of which one
    breaks the schema.
    """
    folder = Folder(tmp_path_factory.mktemp("drift"))
    before, rows = _rows(1, 0.0), _rows(2, 2.0)
    served = [{name: row[name] for name in ("id", "x", "shop")} for row in rows]
    for number, x in ((3, 99.0), (4, 0.125), (5, 0.25)):
        served[number]["x"] = x
    examples, statistics = folder.put("current", 2, rows)
    serving_examples, serving = folder.put("serving", 0, served)
    reports = DriftReports()
    reports.uri = str(folder.path / "reports")
    inputs = {
        "statistics": [statistics],
        "examples": [examples],
        "schema": [folder.schema],
        "earlier": [folder.put("before", 1, before)[1]],
        "serving": [serving],
        "serving_examples": [serving_examples],
    }
    context = BaseBeamExecutor.Context(beam_pipeline_args=["--runner=DirectRunner"])
    Executor(context).Do(inputs, {"reports": [reports]}, {"settings": SETTINGS.model_dump_json()})
    found = Comparisons.model_validate_json(pathlib.Path(reports.uri, FILE).read_text())
    assert found.span == 2
    assert not pathlib.Path(reports.uri, "rows.json").exists()
    pages = {each.name: pathlib.Path(reports.uri, each.page) for each in found.comparisons}
    return {
        each.name: (each, json.loads(pages[each.name].with_name("drift.json").read_text()))
        for each in found.comparisons
    }


def _window(folder: Folder, one: Artifact, two: Artifact, current: Artifact) -> Comparison:
    """The third span against two before it."""
    reports = DriftReports()
    reports.uri = str(folder.path / "reports")
    inputs = {"statistics": [current], "schema": [folder.schema], "earlier_examples": [one, two]}
    settings = SETTINGS.model_copy(update={"previous": False, "window": 2, "key": (), "labels": ()})
    Executor(BaseBeamExecutor.Context()).Do(inputs, {"reports": [reports]}, {"settings": settings.model_dump_json()})
    [found] = Comparisons.model_validate_json(pathlib.Path(reports.uri, FILE).read_text()).comparisons
    assert pathlib.Path(reports.uri, found.page).is_file()
    return found


def _few(start: float) -> list[dict[str, Any]]:
    return [{"x": value, "shop": "a"} for value in (start, start + 1)]


def test_spans_of_other_types_are_no_window_and_end_no_run(tmp_path: pathlib.Path) -> None:
    folder = Folder(tmp_path)
    current = folder.put("current", 3, _few(1.5))[1]
    found = _window(folder, folder.put("one", 1, _few(1))[0], folder.put("two", 2, _few(1.5))[0], current)
    assert (found.title, found.state) == ("span 3 against spans 1 to 2", "not comparable")
    why = "spans 1 to 2 cannot be counted together: x is int64 in span 1, float in span 2"
    assert found.verdict == f"Not comparable: {why}"


def test_a_window_lies_where_its_examples_lie(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path)
    (one, _), (two, _), (_, current) = (folder.put(str(span), span, _few(1.5)) for span in (1, 2, 3))
    found = _window(folder, one, two, current)
    assert found.sources == (f"{two.uri}/Split-train, {one.uri}/Split-train", f"{current.uri}/Split-train")

    def broken(*_: Any) -> None:
        raise TypeError("a bug")

    monkeypatch.setattr(statistics_gen, "write", broken)
    with pytest.raises(TypeError, match="a bug"):
        _window(folder, one, two, current)


def test_drift_in_a_slice_is_told_with_the_slice(compared: dict[str, tuple[Comparison, dict[str, Any]]]) -> None:
    previous, _ = compared["previous"]
    assert previous.state == "drift"
    found = {(each.feature, each.slice): each.value for each in previous.findings}
    assert set(found) == {("x", ""), ("x", "shop_b")}
    assert found["x", "shop_b"] > found["x", ""] > 0.2


def test_rows_with_the_same_key_are_compared_without_labels(
    compared: dict[str, tuple[Comparison, dict[str, Any]]],
) -> None:
    serving, _ = compared["serving"]
    assert serving.state == "drift"
    [finding] = [each for each in serving.findings if each.slice == "rows of the same key"]
    assert finding.feature == "x"
    assert finding.value == pytest.approx(3 / 600)
    assert {each.feature for each in serving.findings} == {"x"}


def test_a_row_that_breaks_the_schema_is_shown_where_rows_are_wanted(
    compared: dict[str, tuple[Comparison, dict[str, Any]]],
) -> None:
    _, numbers = compared["serving"]
    [anomaly] = [each for each in numbers["anomalies"] if each["feature"] == "x"]
    assert [row["id"] for row in anomaly["rows"]] == ["3"]
    assert numbers["row_skew"]["rows"]
