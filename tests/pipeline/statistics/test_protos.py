"""Files of statistics, of which some are of no rows."""

from __future__ import annotations

import pathlib

import pytest

from components import direct_statistics
from components.errors import InputError
from pipeline.statistics import protos
from tests.pipeline.schema.data import OPTIONS, statistics


def test_a_split_without_rows_is_left_out_among_others_and_refused_alone(tmp_path: pathlib.Path) -> None:
    files = {split: str(tmp_path / f"{split}.pb") for split in ("train", "eval", "test")}
    for split, found in (
        ("train", statistics(x=[1, 2])),
        ("eval", direct_statistics.statistics([], OPTIONS)),
        ("test", statistics(x=[3])),
    ):
        pathlib.Path(files[split]).write_bytes(found.SerializeToString())
    assert {split: found.datasets[0].num_examples for split, found in protos.read_rows(files).items()} == {
        "train": 2, "test": 1,
    }  # fmt: skip
    with pytest.raises(InputError, match=r"eval\.pb: statistics of no rows"):
        protos.read(files["eval"])


def test_a_file_that_was_cut_off_is_not_taken_for_a_split_without_rows(tmp_path: pathlib.Path) -> None:
    (tmp_path / "cut.pb").touch()
    with pytest.raises(InputError, match=r"cut\.pb: no statistics in it"):
        protos.read_rows({"train": str(tmp_path / "cut.pb")})
