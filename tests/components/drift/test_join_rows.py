"""Rows of two sides with the same key, joined by Beam."""

import pathlib
from typing import Any

import pytest

from components.drift.join_rows import Joining, join
from components.drift.row_skew import RowSkew
from tests import tiny_model

ROWS = 60


def _row(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "x": float(number), **more}


def _joined(folder: pathlib.Path, training: list[dict[str, Any]], serving: list[dict[str, Any]]) -> RowSkew:
    sides = []
    for name, rows in (("training", training), ("serving", serving)):
        tiny_model.write_split(str(folder / name), "train", rows)
        sides.append(str(folder / name / "Split-train" / "*"))
    how = Joining(("id",), (), {"tips", "image"}, 5)
    return join(sides[0], sides[1], how, str(folder / "out"), ["--runner=DirectRunner"])


def test_the_pair_that_is_shown_differs_in_what_is_compared(tmp_path: pathlib.Path) -> None:
    training = [_row(number, tips=number % 2, image=f"a{number}") for number in range(ROWS)]
    serving = [_row(number, image=f"b{number}") for number in range(ROWS)]
    serving[7]["x"] = 99.0
    (tmp_path / "out").mkdir()
    found = _joined(tmp_path, training, serving)
    assert [(each.name, each.mismatched, each.pairs) for each in found.features] == [("x", 1, ROWS)]
    assert [(each.baseline, each.current) for each in found.rows] == [({"id": "7", "x": "7"}, {"id": "7", "x": "99"})]
    assert [*(tmp_path / "out").iterdir()] == [], "what the workers wrote there is gone"


def test_pairs_are_counted_where_nothing_is_compared(tmp_path: pathlib.Path) -> None:
    training = [{"id": number, "tips": 1} for number in [*range(ROWS), 0]]
    serving = [{"id": number, "tips": 0} for number in range(2, ROWS + 3)]
    (tmp_path / "out").mkdir()
    found = _joined(tmp_path, training, serving)
    assert (found.pairs, found.baseline_only, found.current_only, found.duplicated) == (ROWS - 2, 2, 3, 1)
    assert found.features == []


def test_workers_write_where_they_are_told_to(tmp_path: pathlib.Path) -> None:
    (tmp_path / "out").write_text("a file, so that nobody can")
    with pytest.raises(RuntimeError, match="out/rows"):
        _joined(tmp_path, [_row(1)], [_row(1)])
