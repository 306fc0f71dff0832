"""Which of the slices in statistics are by a column."""

from __future__ import annotations

import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.utils import slicing_util

from components.statistics import direct
from components.statistics.files import Statistics
from components.statistics.slices import slices_by

ROWS = {
    "a": [[b"x"], [b"b_y"], [b"x"], [b"b_y"]],
    "a_b": [[b"w"], [b"z"], [b"z"], [b"z"]],
    "n": [[1], [2], [1], [2]],
    "n_1": [[3], [3], [3], [4]],
}


@pytest.fixture(scope="module")
def counted() -> Statistics:
    """With the slices by each column, by all pairs of the first two, and by one that was not counted itself."""
    columns = [{"a": None}, {"a_b": None}, {"n": None}, {"n_1": None}, {"a": None, "a_b": None}]
    slicers = [slicing_util.get_feature_value_slicer(each) for each in columns]
    options = tfdv.StatsOptions(experimental_slice_functions=slicers)
    found = direct.statistics([pa.RecordBatch.from_pydict(ROWS)], options)
    found.datasets.add(name="town_south", num_examples=2)
    return found


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("a", {"x", "b_y"}),
        ("a_b", {"w", "z"}),
        ("n", {"1", "2"}),
        ("n_1", {"3", "4"}),
        ("town", {"south"}),
        ("b", set()),
    ],
)
def test_slices_by_a_column_are_told_from_those_by_one_of_a_longer_name(
    counted: Statistics, column: str, values: set[str]
) -> None:
    assert set(slices_by(counted, column)) == values
    assert all(name == f"{column}_{value}" for value, name in slices_by(counted, column).items())
