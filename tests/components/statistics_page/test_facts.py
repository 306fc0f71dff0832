"""Facts and page of small tables whose statistics can be counted by hand."""

import json

import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv

from components.statistics.slices import whole
from components.statistics_page import facts
from components.statistics_page.render import render
from tests.components.drift.data import statistics
from tests.components.evaluation_report.test_render import Page


@pytest.fixture(scope="module")
def data() -> facts.DataSet:
    columns = {
        "height": [0.0, 0.0, 1.0, 3.0, np.nan],
        "<b>colour": ["red", "red", "blue", None, "red"],
        "empty": [None] * 5,
    }
    return facts.of_statistics("small.csv", "data/small.csv", statistics(columns))


def test_a_number_is_counted(data: facts.DataSet) -> None:
    height = next(each for each in data.features if each.name == "height")
    assert (height.rows, height.values, height.missing, height.lengths) == (5, 4, 1, None)
    assert height.text is None
    found = height.number
    assert found is not None
    assert (found.zeros, found.nan, found.mean, found.minimum, found.maximum) == (2, 0, 1.0, 0.0, 3.0)
    assert found.deviation == pytest.approx(np.std([0, 0, 1, 3]))
    assert sum(found.shares) == pytest.approx(1.0, abs=1e-4)
    assert len(found.edges) == len(found.shares) + 1
    assert dict(found.quantiles)[0.99] == pytest.approx(3.0, abs=0.1)


def test_a_category_is_counted(data: facts.DataSet) -> None:
    found = next(each for each in data.features if each.name == "<b>colour").text
    assert found is not None
    assert (found.distinct, found.mean_length, found.rest) == (2, pytest.approx(3.25), 0.0)
    assert list(found.top) == [facts.Value("red", 3, 0.75), facts.Value("blue", 1, 0.25)]


def test_beyond_the_most_frequent_values_there_are_the_others() -> None:
    [each] = facts.of_statistics("x", "x", statistics({"x": [str(number) for number in range(40)]})).features
    assert each.text is not None
    assert (each.text.distinct, len(each.text.top), each.text.rest) == (40, 20, pytest.approx(0.5))


def test_lists_have_lengths() -> None:
    table = pd.DataFrame({"words": [np.array(["a", "b", "c"], object), np.array(["a"], object), None]})
    data = facts.of_statistics("x", "x", whole(tfdv.generate_statistics_from_dataframe(table, n_jobs=1)))
    [each] = data.features
    assert (each.values, each.missing, each.lengths) == (4, 1, facts.Lengths(1, 2.0, 3))
    assert "values to a row, at least" in Page(render(data)).texts


def test_what_has_no_values_is_said_and_no_row_of_a_table(data: facts.DataSet) -> None:
    page = Page(render(data))
    assert page.open == []
    assert any("empty (" in text and "it has no values" in text for text in page.texts)
    assert page.texts.count("empty") == 0


def test_the_page_loads_nothing_and_escapes_what_the_data_says(data: facts.DataSet) -> None:
    text = render(data)
    page = Page(text)
    assert "<b>colour" not in text
    assert {"<b>colour", "height", "red", "75.0 %"} <= set(page.texts)
    assert all(str(value).startswith("#") for _, name, value in page.attributes if name in ("href", "src"))


def test_the_json_holds_the_same(data: facts.DataSet) -> None:
    found = json.loads(facts.as_json(data))
    assert (found["version"], found["rows"], len(found["features"])) == (1, 5, 3)
    height = next(each for each in found["features"] if each["name"] == "height")
    assert (height["missing"], height["number"]["maximum"], height["text"]) == (1, 3.0, None)


def test_infinite_values_are_counted_and_the_others_described() -> None:
    values = [*np.linspace(0, 10, 1001), float("inf"), float("inf"), float("-inf")]
    data = facts.of_statistics("x", "x", statistics({"x": values}))
    [found] = [each.number for each in data.features]
    assert found is not None
    assert (found.infinite, found.minimum, found.maximum) == (3, 0.0, 10.0)
    assert found.mean == pytest.approx(5.0, abs=0.1)
    assert found.deviation == pytest.approx(2.9, abs=0.1)
    page = Page(render(data))
    assert page.open == []
    assert any(text.startswith("3 infinite values") for text in page.texts)
    assert json.loads(facts.as_json(data))["features"][0]["number"]["infinite"] == 3


def test_of_more_values_than_are_listed_the_counts_are_estimates() -> None:
    many = [str(number) for number in range(3000)]
    data = facts.of_statistics("x", "x", statistics({"many": many, "few": ["a", "b", "c"] * 1000}))
    assert {each.name: each.text.estimated for each in data.features if each.text} == {"many": True, "few": False}
    assert any("their counts estimated" in text for text in Page(render(data)).texts)
