"""The committed taxi data is what the script makes, and what data/README.md says of it holds."""

from __future__ import annotations

import collections
import gzip
import pathlib
import re
import subprocess
import sys
from datetime import datetime, timezone

import pytest

DATA = pathlib.Path(__file__).parents[2] / "data"
SPANS = (1, 2, 3)


def read(file: pathlib.Path) -> tuple[str, list[str]]:
    """The header and the rows of a CSV file, as lines."""
    header, *rows = file.read_text().splitlines()
    return header, rows


def starts(header: str, rows: list[str]) -> list[datetime]:
    column = header.split(",").index("trip_start_timestamp")
    return [datetime.fromtimestamp(int(row.split(",")[column]), tz=timezone.utc) for row in rows]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The script's output in a folder of its own."""
    folder = tmp_path_factory.mktemp("made")
    subprocess.run([sys.executable, DATA / "make_taxi.py", folder], check=True)
    return folder


def test_the_script_makes_what_is_committed(made: pathlib.Path) -> None:
    files = {file.relative_to(made) for file in made.rglob("*") if file.is_file()}
    assert files == {file.relative_to(DATA / "taxi") for file in (DATA / "taxi").rglob("*") if file.is_file()}
    for file in files:
        ours, committed = made / file, DATA / "taxi" / file
        if file.suffix == ".gz":  # another zlib may compress the same text to other bytes
            assert gzip.decompress(ours.read_bytes()) == gzip.decompress(committed.read_bytes())
        else:
            assert ours.read_bytes() == committed.read_bytes()


def test_the_spans_hold_every_row_of_the_source_once_and_unchanged(made: pathlib.Path) -> None:
    tfx = pathlib.Path(subprocess.check_output([sys.executable, "-c", FIND_TFX], text=True).strip())
    header, rows = read(tfx / "examples/chicago_taxi_pipeline/data/simple/data.csv")
    spans = [read(made / f"csv/span-{span}/trips.csv") for span in SPANS]
    assert [head for head, _ in spans] == [header] * 3
    assert collections.Counter(row for _, part in spans for row in part) == collections.Counter(rows)


FIND_TFX = "import importlib.util, pathlib; print(pathlib.Path(importlib.util.find_spec('tfx').origin).parent)"


def test_a_span_is_a_time(made: pathlib.Path) -> None:
    times = [starts(*read(made / f"csv/span-{span}/trips.csv")) for span in SPANS]
    assert [{time.year for time in part} for part in times] == [{2013}, {2014}, {2015, 2016}]


def test_gzip_files_hold_the_same_text_and_no_time(made: pathlib.Path) -> None:
    for span in SPANS:
        packed = (DATA / f"taxi/csv-gz/span-{span}/trips.csv.gz").read_bytes()
        assert packed[4:8] == bytes(4)
        assert gzip.decompress(packed) == (DATA / f"taxi/csv/span-{span}/trips.csv").read_bytes()


def test_the_serving_file_is_the_newest_quarter_without_its_label() -> None:
    header, rows = read(DATA / "taxi/csv/span-3/trips.csv")
    newest = [
        row
        for row, time in zip(rows, starts(header, rows), strict=True)
        if time >= datetime(2016, 10, 1, tzinfo=timezone.utc)
    ]
    assert header.endswith(",tips")
    assert read(DATA / "taxi/serving/trips.csv") == (
        header.removesuffix(",tips"),
        [row.rpartition(",")[0] for row in newest],
    )


def test_the_readme_states_rows_sizes_and_dates() -> None:
    text = (DATA / "README.md").read_text()
    table = re.findall(r"^\| `(taxi/\S+\.csv)` \| ([\d,]+) \| (\S+) to (\S+) \| ([\d,]+) bytes \|$", text, re.MULTILINE)
    assert len(table) == 4
    for name, count, first, last, size in table:
        header, rows = read(DATA / name)
        times = starts(header, rows)
        assert int(count.replace(",", "")) == len(rows)
        assert (first, last) == (f"{min(times):%Y-%m-%d}", f"{max(times):%Y-%m-%d}")
        assert int(size.replace(",", "")) == (DATA / name).stat().st_size
    packed = [f"{(DATA / f'taxi/csv-gz/span-{span}/trips.csv.gz').stat().st_size:,}" for span in SPANS]
    assert "{}, {} and {} bytes".format(*packed) in text
