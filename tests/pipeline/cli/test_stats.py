"""`millrace stats` on files of data and of statistics."""

import json
import os
import pathlib

import pandas as pd
import pytest
import tensorflow_data_validation as tfdv

from components.errors import ExitCode
from pipeline.cli.main import main

ROWS = pd.DataFrame({"height": [1.5, 2.5, None, 0.0], "colour": ["red", "red", "blue", None]})


def test_a_csv_file_is_described_on_the_terminal_in_a_page_and_in_json(
    tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rows.txt").write_text(ROWS.to_csv(index=False, sep=";"))
    out = tmp_path / "out"
    path = str(tmp_path / "rows.txt")
    assert main(["stats", path, "--format", "csv", "--delimiter", ";", "--out", str(out)]) == ExitCode.OK
    said = [line.split() for line in capfd.readouterr().out.splitlines()]
    assert said[0] == ["4", "rows,", "2", "features"]
    assert ["height", "float", "25.0", "%", "33.3", "%"] in [line[:6] for line in said]
    assert ["colour", "string", "25.0", "%", "2", "red", "66.7", "%"] in said
    assert said[-2:] == [[str(out / "stats.html")], [str(out / "stats.json")]]
    numbers = json.loads((out / "stats.json").read_text())
    assert (numbers["name"], numbers["rows"]) == (f"{tmp_path.name}/rows.txt", 4)
    assert "Statistics of" in (out / "stats.html").read_text()


def test_statistics_are_described_as_they_are(tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "stats.pb").write_bytes(tfdv.generate_statistics_from_dataframe(ROWS, n_jobs=1).SerializeToString())
    assert main(["stats", str(tmp_path / "stats.pb")]) == ExitCode.OK
    assert "4 rows, 2 features" in capfd.readouterr().out


@pytest.mark.usefixtures("capfd")
def test_the_files_are_there_though_nobody_reads_what_is_printed(tmp_path: pathlib.Path) -> None:
    (tmp_path / "stats.pb").write_bytes(tfdv.generate_statistics_from_dataframe(ROWS, n_jobs=1).SerializeToString())
    reader, writer = os.pipe()
    os.close(reader)
    saved = os.dup(1)
    os.dup2(writer, 1)
    try:
        main(["stats", str(tmp_path / "stats.pb"), "--out", str(tmp_path / "out")])
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(writer)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"stats.html", "stats.json"}


def test_what_is_not_there_is_bad_input(tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", str(tmp_path / "none.csv")]) == ExitCode.INPUT
    assert "no file matches" in capfd.readouterr().err
