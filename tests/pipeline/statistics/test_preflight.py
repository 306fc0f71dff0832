"""What is refused before anything heavy is imported."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pandas as pd
import pytest

from components.errors import InputError
from pipeline.statistics import preflight


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "a.csv").write_text("x,town\n1,u\n")
    (tmp_path / "b.csv").write_text("x;label\n1;0\n")
    pd.DataFrame({"x": [1], "label": [0]}).to_parquet(tmp_path / "c.parquet")
    pd.DataFrame({"town": ["u"]}).to_csv(tmp_path / "d.csv.gz", index=False)
    (tmp_path / "e.jsonl").write_text('{"x": 1}\n')
    (tmp_path / "f.csv").write_bytes(b"\xff\xfe")
    return tmp_path


def _refused(folder: pathlib.Path, names: tuple[str, str], delimiter: str = ",", **columns: str) -> str:
    """What is wrong with columns of two files, which stand in the message without their folder."""
    paths = [str(folder / name) for name in names]
    on_all = {option: [name] for option, name in columns.items() if option in ("slice", "key")}
    on_any = {option: [name] for option, name in columns.items() if option not in on_all}
    with pytest.raises(InputError) as raised:
        preflight.check_columns(paths, None, delimiter, on_all, on_any)
    return str(raised.value).replace(f"{folder}/", "")


def test_a_column_to_slice_or_join_by_must_be_in_both(folder: pathlib.Path) -> None:
    assert _refused(folder, ("a.csv", "c.parquet"), slice="town") == "--slice town: c.parquet has no such column."
    assert _refused(folder, ("d.csv.gz", "a.csv"), key="x") == "--key x: d.csv.gz has no such column."
    wrong = _refused(folder, ("e.jsonl", "a.csv"), key="towm")
    assert wrong == "--key towm: a.csv has no such column. Did you mean town?"


def test_a_label_must_be_in_one(folder: pathlib.Path) -> None:
    wrong = _refused(folder, ("a.csv", "d.csv.gz"), label="sold")
    assert wrong == "--label sold: neither a.csv nor d.csv.gz has such a column."
    both = [str(folder / name) for name in ("a.csv", "c.parquet")]
    preflight.check_columns(both, None, ",", {}, {"label": ["label"], "prediction": ["town"]})
    preflight.check_columns([str(folder / "b.csv")], None, ";", {"key": ["label"]}, {})


def test_a_header_may_go_over_several_lines(folder: pathlib.Path) -> None:
    (folder / "a.csv").write_text('\ufeff"a\nb",tips\n1,2\n')
    preflight.check_columns([str(folder / "a.csv")], None, ",", {}, {"label": ["tips"], "prediction": ["a\nb"]})


@pytest.mark.parametrize("name", ["e.jsonl", "f.csv", "s.pb"])
def test_what_does_not_name_its_columns_is_left_to_those_who_read_it(folder: pathlib.Path, name: str) -> None:
    paths = [str(folder / "a.csv"), str(folder / name)]
    preflight.check_columns(paths, None, ",", {"key": ["x"]}, {"label": ["sold"]})


def test_paths_that_are_elsewhere_or_folders_are_left_to_those_who_read_them(folder: pathlib.Path) -> None:
    for path in ("gs://bucket/*.csv", str(folder), str(folder / "?.csv")):
        preflight.check_path(path, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("drift", "a.csv", "none.csv"), "none.csv: no file matches"),
        (("drift", "a.csv", "b.pb"), "b.pb: no such file"),
        (("drift", "a.xyz", "a.csv"), "Give --format, one of csv"),
        (("drift", "a.csv", "d.csv.gz", "--label", "sold"), "has such a column"),
        (("drift", "suggest", "a.csv", "none.csv"), "none.csv: no file matches"),
        (("stats", "none.csv"), "none.csv: no file matches"),
    ],
    ids=["none", "statistics", "format", "label", "suggest", "stats"],
)
def test_nothing_heavy_is_imported_for_it(folder: pathlib.Path, arguments: tuple[str, ...], message: str) -> None:
    (folder / "a.xyz").touch()
    code = (
        "import sys; from pipeline.cli.main import main; code = main(sys.argv[1:]); "
        "sys.exit(code if not {'tensorflow', 'tfx', 'apache_beam'} & set(sys.modules) else 'heavy')"
    )
    ended = subprocess.run([sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True)
    assert ended.returncode == 2, ended.stderr
    assert message in ended.stderr
