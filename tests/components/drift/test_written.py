"""What a node that compares leaves: files, and findings for gate and summary."""

import dataclasses
import html
import json
import pathlib

import pytest
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.drift import written
from components.drift.report import Report, Side, report
from components.drift.result import FILE, Comparison, Comparisons
from components.drift.row_skew import FeatureSkew, RowSkew
from components.drift.state import State
from components.drift.written import PendingComparison
from tests.components.drift.data import normal, statistics

NOW = Side("span 2", "root/2", 500, 2)


def _report() -> Report:
    """The label moves everywhere, x in the slice only, and z in rows with the same key."""
    sides = []
    for name, shift in (("span 1", 0.0), ("span 2", 1.0)):
        x = normal(500)
        found = statistics_pb2.DatasetFeatureStatisticsList(
            datasets=[statistics({"x": x, "y": x + shift}), statistics({"x": x + shift, "y": x})]
        )
        found.datasets[0].name, found.datasets[1].name = "All Examples", "kind_a"
        sides.append((Side(name, f"root/{name[-1]}", 500), found))
    rows = RowSkew(("id",), 1500, 0, 0, 0, 0, 0.0, (FeatureSkew("z", 1497, 3, 0, 0),))
    return dataclasses.replace(report(sides[0], sides[1], None, "drift", {"y": "label"}), row_skew=rows)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Of three comparisons, as a node writes them."""
    folder = tmp_path_factory.mktemp("reports")
    found = [
        PendingComparison("previous", NOW, _report()),
        PendingComparison("window", NOW, None, "earlier span"),
        PendingComparison("predictions", NOW, None, "span 1", "its model <is gone>"),
    ]
    written.write(found, str(folder), 2)
    return folder


@pytest.fixture(scope="module")
def comparisons(folder: pathlib.Path) -> dict[str, Comparison]:
    found = Comparisons.model_validate_json((folder / FILE).read_text())
    assert found.span == 2
    return {each.name: each for each in found.comparisons}


def test_each_finding_is_told_with_its_part_of_the_data(comparisons: dict[str, Comparison]) -> None:
    found = comparisons["previous"]
    assert (found.title, found.state) == ("span 2 against span 1", State.DRIFT)
    assert found.sources == ("root/1", "root/2")
    where = {(each.feature, each.role, each.slice): each for each in found.findings}
    assert where.keys() == {("y", "label", ""), ("x", "feature", "kind_a"), ("z", "feature", "rows of the same key")}
    assert where["y", "label", ""].text.startswith("label y: Kolmogorov-Smirnov 0.")
    assert where["x", "feature", "kind_a"].text.startswith("x in kind_a: Kolmogorov-Smirnov 0.")
    of_rows = where["z", "feature", "rows of the same key"]
    assert of_rows.text == "z: differs in 3 of 1,500 rows with the same key"
    assert (of_rows.value, of_rows.threshold) == (pytest.approx(0.002), 0.0)


def test_a_report_has_its_files(folder: pathlib.Path, comparisons: dict[str, Comparison]) -> None:
    numbers = json.loads((folder / comparisons["previous"].page).with_name("drift.json").read_text())
    assert numbers["verdict"] == comparisons["previous"].verdict


@pytest.mark.parametrize(
    ("name", "state", "verdict"),
    [
        ("window", State.NO_BASELINE, "No baseline: there is no earlier span to compare with yet"),
        ("predictions", State.NOT_COMPARABLE, "Not comparable: its model <is gone>"),
    ],
    ids=["no baseline", "not comparable"],
)
def test_without_a_report_there_is_a_page_that_says_why(
    folder: pathlib.Path, comparisons: dict[str, Comparison], name: str, state: State, verdict: str
) -> None:
    found = comparisons[name]
    assert (found.state, found.verdict, found.findings) == (state, verdict, ())
    assert found.sources == ("root/2",)
    page = (folder / found.page).read_text()
    assert verdict in html.unescape(page)
    assert "<is gone>" not in page


def test_what_is_asked_for_and_cannot_be_compared_is_told_with_the_reason(tmp_path: pathlib.Path) -> None:
    """The label is gone, and so is x, which nobody asks for."""
    sides = [
        (NOW, statistics_pb2.DatasetFeatureStatisticsList(datasets=[statistics(columns)]))
        for columns in ({"x": normal(500), "y": normal(500), "z": normal(500)}, {"z": normal(500)})
    ]
    found = PendingComparison("previous", NOW, report(sides[0], sides[1], None, "drift", {"y": "label"}))
    [comparison] = written.write([found], str(tmp_path), 2).comparisons
    assert comparison.not_comparable == ("y: not comparable: the current data does not have it",)
