"""The files of a report: what they say, held against each other, against their schema and against their bounds."""

import dataclasses
import io
import json
import pathlib
import re

import jsonschema
import numpy as np
import pytest
from PIL import Image
from tensorflow_metadata.proto.v0 import statistics_pb2

import components.drift
from components.anomalies import Anomaly
from components.drift import facets, files, trend
from components.drift.history import steps
from components.drift.numbers import as_json
from components.drift.picture import png
from components.drift.render import render
from components.drift.report import Report, Side, report
from components.drift.row_skew import FeatureSkew, RowPair, RowSkew
from components.drift.view import view
from tests.components.drift.data import statistics
from tests.components.evaluation_report.test_render import Page

SCHEMA = json.loads((pathlib.Path(components.drift.__file__).parent / "drift.schema.json").read_text())
ROWS = 400


def sliced(seed: int, shift: float, **names: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    """All rows, and a slice of them for each name, with a colour that the other side need not have."""
    rng = np.random.default_rng(seed)
    columns = {
        "height": rng.normal(shift, size=ROWS),
        "tip": rng.gamma(2, size=ROWS),
        "colour": rng.choice(["red", "<i>blue</i>", names["colour"]], ROWS, p=[0.6, 0.3, 0.1]),
        "empty": [None] * ROWS,
        names["only"]: np.zeros(ROWS),
    }
    found = statistics_pb2.DatasetFeatureStatisticsList(datasets=[statistics(columns)] * 3)
    for dataset, name in zip(found.datasets, ("All Examples", "kind_a", names["slice"]), strict=True):
        dataset.name = name
    return found


BASELINE = sliced(1, 0.0, colour="green", only="gone", slice="kind_b")
CURRENT = sliced(2, 1.0, colour="black", only="fresh", slice="kind_c")


@pytest.fixture(scope="module")
def found() -> Report:
    """A report with all that one can have."""
    sides = ((Side("monday", "monday.csv", ROWS, 1), BASELINE), (Side("tuesday", "tuesday.csv", ROWS, 2), CURRENT))
    history = steps([(f"span {n}", each.datasets[0]) for n, each in enumerate((BASELINE, BASELINE, CURRENT))])
    return dataclasses.replace(
        report(*sides, None, "drift", {"tip": "label"}),
        history=history,
        anomalies=[Anomaly("height", "Out-of-range", "above 3", [{"height": "3.5", "colour": "red"}], "BIG")],
        row_skew=RowSkew(
            ("id",), 9, 1, 2, 3, 4, 0.0, [FeatureSkew("tip", 8, 1, 0, 0)], [RowPair({"tip": "1"}, {"tip": "2"})]
        ),
    )


@pytest.mark.parametrize("whole", [True, False], ids=["all parts", "features only"])
def test_the_json_is_what_its_schema_says(found: Report, whole: bool) -> None:
    bare = dataclasses.replace(found, history=(), anomalies=(), row_skew=None, slices={}, lone_slices={})
    numbers = json.loads(as_json(view(found if whole else bare)))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(numbers, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert numbers["schema"] == SCHEMA["$id"]
    assert bool(numbers["history"]) is whole


def test_the_schema_refuses_another_json(found: Report) -> None:
    numbers = json.loads(as_json(view(found)))
    numbers["features"][0]["state"] = "fine"
    with pytest.raises(jsonschema.ValidationError, match="fine"):
        jsonschema.validate(numbers, SCHEMA)


def test_all_measures_have_a_place_in_the_schema(found: Report) -> None:
    numbers = json.loads(as_json(view(found)))
    assert {name for each in numbers["features"] for name in each["measures"]} == set(
        SCHEMA["$defs"]["measure"]["enum"]
    )


def test_new_and_lost_values_are_told(found: Report) -> None:
    numbers = json.loads(as_json(view(found)))
    colour = next(each for each in numbers["features"] if each["name"] == "colour")
    assert [each["name"] for each in colour["new"]] == ["black"]
    assert [each["name"] for each in colour["lost"]] == ["green"]


def test_the_verdict_comes_first_and_the_worst_feature_next(found: Report) -> None:
    page = Page(render(view(found)))
    assert page.open == []
    start = page.texts.index(found.verdict, 2)
    assert page.texts[start + 1].startswith("colour: L-infinity 0.")
    assert page.texts[start + 2].startswith("height: Kolmogorov-Smirnov 0.")
    rows = [text for text in page.texts[page.texts.index("what moved") :] if text in {r.name for r in found.results}]
    assert rows[: len(found.results)] == [result.name for result in found.results]


def test_each_feature_says_what_decided_and_why(found: Report) -> None:
    texts = Page(render(view(found))).texts
    said = [each for each in texts if each.startswith("Kolmogorov-Smirnov decides (a number: ")]
    assert any(re.search(r"\): 0\.[34]\d+, above its threshold of 0\.0500\.$", each) for each in said)
    assert "Not comparable: the baseline does not have it." in texts
    assert "approximate" in texts


def test_slices_anomalies_history_and_rows_have_their_place(found: Report) -> None:
    page = Page(render(view(found)))
    assert {"Slices", "Anomalies", "Row by row", "label"} <= set(page.texts)
    assert "kind_b: the current data does not have it" in page.texts
    assert "kind_c: the baseline does not have it" in page.texts
    assert page.texts[page.texts.index("Out-of-range") + 1] == "above 3"
    assert "3.5" in page.texts
    assert "Kolmogorov-Smirnov against the span before" in page.texts
    less = dataclasses.replace(found, history=(), anomalies=(), row_skew=None, slices={}, lone_slices={})
    bare = Page(render(view(less)))
    assert not {"Slices", "Anomalies", "Row by row"} & set(bare.texts)


def test_the_trend_has_a_point_for_each_span_and_a_gap_where_there_was_nothing_to_compare_with(found: Report) -> None:
    height = next(each for each in found.results if each.name == "height")
    measure, missing, median = trend.lines(height, found.history)
    assert [text == "–" for text in measure.texts] == [True, False, False]
    assert (measure.threshold, measure.values[1]) == (0.05, 0.0)
    assert missing.texts == ["0.0 %"] * 3
    assert median.values[2] == pytest.approx(1.0, abs=0.2)


def test_text_of_the_data_is_escaped_and_nothing_is_loaded(found: Report) -> None:
    text = render(view(found))
    page = Page(text)
    assert "<i>blue" not in text
    assert "<i>blue</i>" in page.texts
    assert all(str(value).startswith("#") for _, name, value in page.attributes if name in ("href", "src"))
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    targets = {str(value)[1:] for _, name, value in page.attributes if name == "href"}
    assert targets <= set(ids)


def test_the_picture_is_of_a_size_for_chat(found: Report) -> None:
    image = Image.open(io.BytesIO(png(found)))
    assert image.format == "PNG"
    assert 600 <= image.width <= 1200
    assert len(png(found)) < 200_000


def test_the_page_grows_with_features_and_stays_small() -> None:
    one = statistics({"x": np.random.default_rng(0).normal(size=1000), "y": [f"value {n}" for n in range(1000)]})
    wide = statistics_pb2.DatasetFeatureStatistics(num_examples=one.num_examples)
    for number in range(50):
        for each in one.features:
            wide.features.add().CopyFrom(each)
            wide.features[-1].path.step[0] += str(number)
    many = statistics_pb2.DatasetFeatureStatisticsList(datasets=[wide])
    found = report((Side("a", "a", 1000), many), (Side("b", "b", 1000), many), None, "drift")
    found = dataclasses.replace(found, history=steps([(str(span), wide) for span in range(2)]) * 5)
    assert len(found.results) == 100
    assert len(render(view(found)).encode()) < 1_500_000


def test_facets_is_tfdv_s_own_and_says_that_it_needs_a_network() -> None:
    text = facets.render(("<monday>", "tuesday"), BASELINE, CURRENT)
    assert "when it is opened" in text
    assert "facets-overview" in text
    assert "<monday>" not in text


def test_all_files_are_written(found: Report, tmp_path: pathlib.Path) -> None:
    paths = files.write(found, str(tmp_path))
    assert {pathlib.Path(path).name for path in paths} == {"drift.html", "drift.json", "junit.xml", "drift.png"}
    assert all(pathlib.Path(path).stat().st_size > 500 for path in paths)
