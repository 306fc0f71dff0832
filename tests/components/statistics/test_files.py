"""Files of statistics, of which some are of no rows."""

from __future__ import annotations

import pathlib

import pytest

from components.errors import InputError
from components.statistics import direct, files
from tests.pipeline.schema.data import OPTIONS, statistics


def test_a_split_without_rows_is_left_out_among_others_and_refused_alone(tmp_path: pathlib.Path) -> None:
    paths = {split: str(tmp_path / f"{split}.pb") for split in ("train", "eval", "test")}
    for split, found in (
        ("train", statistics(x=[1, 2])),
        ("eval", direct.statistics([], OPTIONS)),
        ("test", statistics(x=[3])),
    ):
        pathlib.Path(paths[split]).write_bytes(found.SerializeToString())
    assert {split: found.datasets[0].num_examples for split, found in files.read_rows(paths).items()} == {
        "train": 2, "test": 1,
    }  # fmt: skip
    with pytest.raises(InputError, match=r"eval\.pb: statistics of no rows"):
        files.read(paths["eval"])


def test_a_file_that_was_cut_off_is_not_taken_for_a_split_without_rows(tmp_path: pathlib.Path) -> None:
    (tmp_path / "cut.pb").touch()
    with pytest.raises(InputError, match=r"cut\.pb: no statistics in it"):
        files.read_rows({"train": str(tmp_path / "cut.pb")})
