"""Who runs when, and on what."""

import csv

from tests.benchmarks.taxi_data import write_rows
from tests.benchmarks.turns import order


def test_another_side_begins_each_turn():
    assert [order(("a", "b", "c"), 1000, turn) for turn in range(4)] == [
        ["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"], ["a", "b", "c"],
    ]  # fmt: skip


def test_stock_runs_once_on_millions_of_rows():
    sides = ("stock", "stock-transform", "one-by-one")
    assert [order(sides, 3_000_000, turn) for turn in range(2)] == [["stock", "one-by-one"], ["one-by-one"]]
    assert order(sides, 300_000, 1) == ["stock-transform", "one-by-one", "stock"]


def test_rows_are_repeated(tmp_path):
    with write_rows(tmp_path, 15_005).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 15_005
    assert rows[15_002:] == rows[:3]
