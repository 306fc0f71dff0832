"""Rows without a value, whichever way files say so: TFX writes an empty list, which TFDV alone takes for a value."""

from __future__ import annotations

import pathlib

import pandas as pd
import pytest

from components.errors import ExitCode
from pipeline.cli.main import main


@pytest.mark.parametrize("without", [None, []])
def test_a_list_without_values_is_a_missing_value(
    without: list[int] | None, tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, share in (("before", 0), ("after", 0.4)):
        rows = [[1, 2, number % 3] if number % 10 >= 10 * share else without for number in range(400)]
        pd.DataFrame({"tags": rows}).to_parquet(tmp_path / f"{name}.parquet")
    assert main(["drift", *(f"{tmp_path}/{name}.parquet" for name in ("before", "after"))]) == ExitCode.GATE
    assert "tags: change of missing values 0.4000 > 0.0200" in capfd.readouterr().out
