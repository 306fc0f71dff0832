"""`millrace drift` on rows: labels and predictions, slices, and rows with the same key."""

import dataclasses
import json
import pathlib
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

from components.errors import ExitCode, InputError
from pipeline.cli.main import main
from pipeline.drift import sides
from pipeline.statistics.rows import Reading, Rows, ingested
from pipeline.statistics.sources import File
from tests.pipeline.cli import shell

ROWS = 1200


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What the command said and wrote."""

    answer: shell.Answer
    numbers: dict[str, Any]
    junit: ElementTree.Element


def monday() -> pd.DataFrame:
    """Rides in two towns of 579 rows each, one of 39, and one of three."""
    rng = np.random.default_rng(0)
    row = np.arange(ROWS)
    return pd.DataFrame(
        {
            "ride": [f"r{i}" for i in row],
            "town": np.select([row < 39, row >= ROWS - 3, row % 2 == 0], ["north", "west", "south"], "centre"),
            "fare": rng.normal(10, size=ROWS).round(3),
            "seats": 4,
            "tipped": rng.integers(0, 2, ROWS),
            "guess": rng.integers(0, 2, ROWS),
        }
    )


def tuesday() -> pd.DataFrame:
    """The same rides with other tips, higher fares in the south, and the west renamed; three have other keys."""
    rows = monday()
    rows["tipped"] = np.where(np.arange(ROWS) % 3 == 0, 1, rows["tipped"])
    rows.loc[rows["town"] == "south", "fare"] += 1
    rows.loc[rows["town"] == "west", "town"] = "east"
    rows.loc[100:109, "seats"] = None
    rows.loc[0:2, "ride"] = ["new", "twice", "twice"]
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Both days, in files whose names do not say that they are CSV."""
    found = tmp_path_factory.mktemp("rides")
    monday().to_csv(found / "monday.txt", index=False)
    tuesday().to_csv(found / "tuesday.txt", index=False)
    return found


@pytest.fixture(scope="module")
def outcome(folder: pathlib.Path) -> Outcome:
    """One comparison with everything."""
    answer = shell.here(
        "drift", folder / "monday.txt", folder / "tuesday.txt", "--format", "csv", "--label", "tipped",
        "--prediction", "guess", "--slice", "town", "--key", "ride", "--rows", "--out", folder / "out",
    )  # fmt: skip
    numbers = json.loads((folder / "out/drift.json").read_text())
    return Outcome(answer, numbers, ElementTree.fromstring((folder / "out/junit.xml").read_text()))


def test_the_verdict_names_what_drifted_first(outcome: Outcome) -> None:
    assert outcome.answer.code == ExitCode.GATE
    assert outcome.numbers["verdict"] == (
        "Drift in the label tipped; drift in 1 of 3 features; 1 not comparable; drift in 2 of 2 slices; "
        "3 slices not comparable; no drift in the prediction guess; rows with the same ride differ in 4 of 5 features "
        "(left out, as not unique: 1)"
    )
    assert outcome.numbers["verdict"] in outcome.answer.out
    found = [(each["name"], each["role"], each["state"]) for each in outcome.numbers["features"]]
    assert found[:3] == [("tipped", "label", "drift"), ("guess", "prediction", "ok"), ("fare", "feature", "drift")]


def test_slices_are_compared_each_for_itself(outcome: Outcome) -> None:
    slices = outcome.numbers["slices"]
    states = {(name, each["name"]): each["state"] for name, results in slices.items() for each in results}
    assert (states["town_south", "fare"], states["town_centre", "fare"]) == ("drift", "ok")
    assert {state for (name, _), state in states.items() if name == "town_north"} == {"not comparable"}
    assert "fewer than 100 rows" in slices["town_north"][0]["why"]
    assert outcome.numbers["lone_slices"] == {
        "town_east": "the baseline does not have it",
        "town_west": "the current data does not have it",
    }


def test_rows_with_the_same_key_are_compared_one_by_one(outcome: Outcome) -> None:
    skew = outcome.numbers["row_skew"]
    facts = ("pairs", "baseline_only", "current_only", "duplicated", "without_key")
    assert [skew[name] for name in facts] == [ROWS - 3, 3, 2, 1, 0]
    found = {each["name"]: each for each in skew["features"]}
    south = (monday()["town"] == "south").sum()
    assert (found["fare"]["mismatched"], found["fare"]["matched"]) == (south, ROWS - 3 - south)
    assert (found["seats"]["baseline_only"], found["seats"]["current_only"]) == (10, 0)
    assert found["guess"]["matched"] == ROWS - 3
    assert len(skew["rows"]) == 10
    assert all(row["baseline"]["ride"] == row["current"]["ride"] for row in skew["rows"])
    assert f"seats: differs in 10 of {ROWS - 3:,} rows with the same key" in outcome.answer.out


def test_junit_has_a_case_for_all_of_them(outcome: Outcome) -> None:
    cases = {(each.get("classname"), each.get("name")): [child.tag for child in each] for each in outcome.junit}
    assert cases["town_south", "fare"] == ["failure"]
    assert cases["town_centre", "fare"] == []
    assert cases["town_east", "(slice)"] == ["skipped"]
    assert cases["rows by ride", "seats"] == ["failure"]
    assert cases["rows by ride", "guess"] == []
    assert outcome.junit.get("tests") == str(len(outcome.junit))
    assert outcome.junit.get("failures") == str(sum(tags == ["failure"] for tags in cases.values()))


@pytest.fixture(scope="module")
def rows(folder: pathlib.Path) -> Iterator[Rows]:
    with ingested(str(folder / "monday.txt"), Reading(format="csv")) as found:
        yield found


def test_the_values_of_a_column_are_counted_to_slice_by_them(rows: Rows) -> None:
    assert rows.values("town") == {"south": 579, "centre": 579, "north": 39, "west": 3}
    assert rows.values("seats") == {"4": ROWS}


@pytest.mark.parametrize(
    ("column", "message"),
    [("towns", "has no such column. Did you mean town?"), ("fare", "has fractions in it. Slice by text or whole")],
    ids=["unknown", "fractions"],
)
def test_what_no_slice_can_be_made_of_is_named(rows: Rows, column: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        rows.values(column)


def test_a_column_of_one_side_makes_no_row_differ(rows: Rows) -> None:
    others = dataclasses.replace(rows, kinds={name: kind for name, kind in rows.kinds.items() if name != "seats"})
    found = sides.row_skew(rows, others, ("ride",), False)
    assert found.pairs > 0
    assert {each.name for each in found.features} == rows.kinds.keys() - {"seats", "ride"}


def test_a_key_that_will_not_do_is_named(rows: Rows) -> None:
    others = dataclasses.replace(rows, kinds={**rows.kinds, "ride": "int"})
    with pytest.raises(InputError, match=r"--key ride: bytes in .*, int in .*: rows of different types"):
        sides.row_skew(rows, others, ("ride",), False)
    with pytest.raises(InputError, match=r"--key rid: .* has no such column. Did you mean ride\?"):
        sides.row_skew(rows, rows, ("rid",), False)
    with pytest.raises(InputError, match="x.pb holds statistics, not rows"):
        sides.row_skew(rows, File("x.pb", DatasetFeatureStatisticsList()), ("ride",), False)


def test_a_label_that_neither_side_has_is_named(tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = tfdv.generate_statistics_from_dataframe(monday(), n_jobs=1)
    (tmp_path / "x.pb").write_bytes(found.SerializeToString())
    code = main(["drift", str(tmp_path / "x.pb"), str(tmp_path / "x.pb"), "--label", "tiped"])
    assert code == ExitCode.INPUT
    assert "no column 'tiped' on either side, which is to be the label. Did you mean tipped?" in capfd.readouterr().err
