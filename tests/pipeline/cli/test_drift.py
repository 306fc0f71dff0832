"""`millrace drift` on files of data and of statistics."""

import io
import json
import pathlib
import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.errors import ExitCode
from pipeline.cli.main import main


def table(mean: float, seed: int, count: int = 1500) -> pd.DataFrame:
    """A number, a category, and a number that is missing in one row of ten."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "height": rng.normal(mean, size=count).round(4),
            "colour": rng.choice(["red", "green", "blue"], count),
            "weight": np.where(np.arange(count) % 10 == 0, np.nan, rng.gamma(3, size=count).round(4)),
        }
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pathlib.Path]:
    """Three days as CSV files, and their statistics beside them."""
    folder = tmp_path_factory.mktemp("drift")
    for name, mean, seed in (("monday", 0.0, 1), ("tuesday", 0.0, 2), ("wednesday", 1.0, 3)):
        rows = table(mean, seed)
        rows.to_csv(folder / f"{name}.csv", index=False)
        statistics = tfdv.generate_statistics_from_dataframe(
            rows, tfdv.StatsOptions(num_quantiles_histogram_buckets=100), n_jobs=1
        )
        (folder / f"{name}.pb").write_bytes(statistics.SerializeToString())
    return {path.stem: path for path in folder.glob("*.pb")}


def test_rows_that_stayed_the_same_pass(data: dict[str, pathlib.Path], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", str(data["monday"].with_suffix(".csv")), str(data["tuesday"])]) == ExitCode.OK
    assert capfd.readouterr().out == "No drift in any of 3 features\n"


def test_drift_is_told_on_the_terminal_in_a_page_in_json_and_in_junit(
    data: dict[str, pathlib.Path], tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report"
    code = main(["drift", str(data["monday"]), str(data["wednesday"]), "--out", str(out)])
    said = capfd.readouterr().out.splitlines()
    assert code == ExitCode.GATE
    assert re.fullmatch(r"height: Kolmogorov-Smirnov 0\.[34]\d+ > 0\.0500", said[0])
    assert said[1:] == [
        "Drift in 1 of 3 features",
        *(str(out / name) for name in ("drift.html", "drift.json", "junit.xml", "drift.png")),
    ]

    numbers = json.loads((out / "drift.json").read_text())
    assert (numbers["exit_code"], numbers["counts"]) == (1, {"drift": 1, "not comparable": 0, "ok": 2})
    weight = next(each for each in numbers["features"] if each["name"] == "weight")
    assert weight["current"] == {"type": "float", "rows": 1500, "missing": 150}

    suite = ElementTree.fromstring((out / "junit.xml").read_text())
    assert {case.get("name"): [child.tag for child in case] for case in suite} == {
        "height": ["failure"], "weight": [], "colour": []
    }  # fmt: skip

    page = (out / "drift.html").read_text()
    assert "Drift in 1 of 3 features" in page
    assert not re.search(r"(src|href)=\"(?!#)", page), "the page refers to something outside"


def test_data_before_the_baseline_begins_the_trend(
    data: dict[str, pathlib.Path], tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    both = [str(data["wednesday"])] * 2
    earlier = ["--earlier", str(data["monday"]), "--earlier", str(data["tuesday"])]
    assert main(["drift", *both, *earlier, "--out", str(tmp_path)]) == ExitCode.OK
    numbers = json.loads((tmp_path / "drift.json").read_text())
    assert numbers["baseline"]["name"].endswith("/wednesday.pb")
    assert [step["label"].rpartition("/")[2] for step in numbers["history"]] == [
        "monday.pb", "tuesday.pb", "wednesday.pb", "wednesday.pb",
    ]  # fmt: skip
    assert main(["drift", *both, "--earlier", "none.pb"]) == ExitCode.INPUT
    assert "none.pb: no such file" in capfd.readouterr().err


def test_a_pattern_that_the_shell_has_written_out_is_refused(
    data: dict[str, pathlib.Path], capfd: pytest.CaptureFixture[str]
) -> None:
    days = [str(data[day]) for day in ("wednesday", "monday", "tuesday")]
    assert main(["drift", *days]) == ExitCode.INPUT
    said = capfd.readouterr().err
    assert f"{days[2]} came behind them" in said
    assert "quote the pattern" in said


def test_statistics_are_read_as_text_and_from_the_folder_of_a_split(
    data: dict[str, pathlib.Path], tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text, folder = tmp_path / "stats.pbtxt", tmp_path / "Split-train"
    folder.mkdir()
    (folder / "FeatureStats.pb").write_bytes(data["monday"].read_bytes())
    tfdv.write_stats_text(tfdv.load_stats_binary(str(data["monday"])), str(text))
    assert main(["drift", str(folder), str(text)]) == ExitCode.OK
    assert "No drift" in capfd.readouterr().out


def test_a_path_may_be_a_uri(
    data: dict[str, pathlib.Path], tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "Split-train"
    folder.mkdir()
    (folder / "FeatureStats.pb").write_bytes(data["monday"].read_bytes())
    uris = {day: f"file://{data[day]}" for day in ("monday", "tuesday")}
    assert main(["drift", f"file://{folder}", uris["tuesday"], "--earlier", uris["monday"]]) == ExitCode.OK
    assert "No drift in any of 3 features" in capfd.readouterr().out
    assert main(["stats", uris["monday"]]) == ExitCode.OK
    capfd.readouterr()
    for name, why in (("none.pb", "no such file"), ("rows.csv", "Beam, which reads files of data, cannot read there")):
        assert main(["drift", f"file://{tmp_path}/{name}", uris["monday"]]) == ExitCode.INPUT
        assert f"file://{tmp_path}/{name}: {why}" in capfd.readouterr().err


def test_the_schema_says_how_much_is_too_much(data: dict[str, pathlib.Path], tmp_path: pathlib.Path) -> None:
    schema = tmp_path / "schema.pbtxt"
    schema.write_text('feature { name: "height" annotation { tag: "drift:kolmogorov_smirnov=0.9" } }')
    assert main(["drift", str(data["monday"]), str(data["wednesday"]), "--schema", str(schema)]) == ExitCode.OK


def test_what_breaks_the_schema_is_told_with_rows_and_facets_where_they_are_wanted(
    data: dict[str, pathlib.Path], tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    schema, out = tmp_path / "schema.pbtxt", tmp_path / "out"
    schema.write_text(
        'default_environment: "TRAINING" default_environment: "SERVING"'
        'feature { name: "height" type: FLOAT float_domain { max: 2.9 } }'
        'feature { name: "colour" type: BYTES } feature { name: "weight" type: FLOAT }'
        'feature { name: "label" type: INT not_in_environment: "SERVING" presence { min_fraction: 1 } }'
    )
    tuesday = data["tuesday"].with_suffix(".csv")
    options = ["--schema", str(schema), "--environment", "SERVING", "--out", str(out)]
    assert main(["drift", str(data["monday"]), str(tuesday), *options, "--rows", "--facets"]) == ExitCode.OK
    said = capfd.readouterr().out
    assert "anomaly: height: Out-of-range values: Unexpectedly high value: 3." in said
    assert "label" not in said
    assert f"{out / 'facets.html'} (loads Facets from cdnjs.cloudflare.com" in said
    assert "facets-overview" in (out / "facets.html").read_text()
    [anomaly] = json.loads((out / "drift.json").read_text())["anomalies"]
    assert anomaly["feature"] == "height"
    assert anomaly["rows"]
    assert all(float(row["height"]) > 2.9 for row in anomaly["rows"])

    assert main(["drift", str(data["monday"]), str(tuesday), *options]) == ExitCode.OK
    [anomaly] = json.loads((out / "drift.json").read_text())["anomalies"]
    assert anomaly["rows"] == []


@pytest.mark.parametrize("options", [["--facets"], ["--environment", "SERVING"]], ids=["facets", "environment"])
def test_options_that_need_another_say_so(options: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", "a.csv", "b.csv", *options]) == ExitCode.INPUT
    assert "needs --" in capfd.readouterr().err


def test_nothing_comparable_is_no_pass(tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("x", "y"):
        statistics = tfdv.generate_statistics_from_dataframe(pd.DataFrame({name: [1, 2]}), n_jobs=1)
        (tmp_path / f"{name}.pb").write_bytes(statistics.SerializeToString())
    assert main(["drift", str(tmp_path / "x.pb"), str(tmp_path / "y.pb")]) == ExitCode.NOT_COMPARABLE
    assert "None of the 2 features can be compared" in capfd.readouterr().out


def _cut_off() -> bytes:
    return statistics_pb2.DatasetFeatureStatisticsList(
        datasets=[statistics_pb2.DatasetFeatureStatistics(name="x" * 50, num_examples=3)]
    ).SerializeToString()[:-20]


def _of_tomorrow() -> bytes:
    """Statistics with a field 99, of one byte, that nobody knows yet."""
    rows = statistics_pb2.DatasetFeatureStatistics(num_examples=3).SerializeToString() + b"\x98\x06\x01"
    return b"\x0a" + bytes([len(rows)]) + rows


def _schema() -> bytes:
    return schema_pb2.Schema(feature=[schema_pb2.Feature(name=name) for name in "xy"]).SerializeToString()


def _cut_off_file(kind: str) -> bytes:
    """The first part of a file of numbers."""
    target = io.BytesIO()
    if kind == "parquet":
        pd.DataFrame({"x": range(1000)}).to_parquet(target)
    else:
        pd.DataFrame({"x": np.random.default_rng(0).normal(size=1000)}).to_csv(target, compression="gzip")
    return target.getvalue()[:500]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.csv", None, "no file matches"),
        ("none.pb", None, "no such file"),
        ("empty.pb", b"", "no statistics in it"),
        ("cut.pb", _cut_off(), "expected statistics as TFDV "),
        ("text.pbtxt", b"hello", "expected statistics as TFDV "),
        ("no_rows.pbtxt", b"datasets {}", "statistics of no rows"),
        ("ragged.csv", b"x,y\n1,2\n3\n", "ragged.csv, line 3"),
        ("data.xyz", b"1", "Give --format, one of csv"),
        ("tomorrow.pb", _of_tomorrow(), "fields 99 in it are none of the statistics that TFDV"),
        ("tomorrow.pbtxt", b"datasets { num_examples: 1 novelty: 2 }", 'no field named "novelty"'),
        ("junk.pb", bytes(range(256)), "no statistics in it"),
        ("schema.pb", _schema(), "statistics of 2 slices, but not of all rows"),
        ("nameless.pbtxt", b"datasets { num_examples: 1 features {} }", "features without a name"),
        ("header.csv", b"x,y\n", "header.csv"),
        ("cut.csv.gz", _cut_off_file("csv"), "cut.csv.gz: the gzip stream is corrupt or cut off"),
        ("cut.tfrecord", b"\x0f" + bytes(20), "cut.tfrecord"),
        ("cut.parquet", _cut_off_file("parquet"), "cut.parquet"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_bad_input_is_named(
    tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str], name: str, content: "bytes | None", message: str
) -> None:
    good = tmp_path / "good.csv"
    good.write_text("x\n1\n2\n")
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert main(["drift", str(tmp_path / name), str(good)]) == ExitCode.INPUT
    error = capfd.readouterr().err
    assert name in error
    assert message in error
    assert "Traceback" not in error


def test_the_folder_of_several_splits_asks_which(tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    for split in ("eval", "train"):
        (tmp_path / f"Split-{split}").mkdir()
        (tmp_path / f"Split-{split}" / "FeatureStats.pb").write_bytes(b"")
    assert main(["drift", str(tmp_path), str(tmp_path)]) == ExitCode.INPUT
    assert "several splits: name one of" in capfd.readouterr().err


def test_a_schema_of_other_data_is_bad_input(
    data: dict[str, pathlib.Path], tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    schema = tmp_path / "other.pbtxt"
    schema.write_text('feature { name: "petals" }')
    paths = [str(data["monday"]), str(data["tuesday"])]
    assert main(["drift", *paths, "--schema", str(schema)]) == ExitCode.INPUT
    assert "other.pbtxt: the schema is one of other data: none of its features (petals" in capfd.readouterr().err


def test_a_data_set_against_itself_is_told(data: dict[str, pathlib.Path], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", str(data["monday"]), str(data["monday"])]) == ExitCode.OK
    assert capfd.readouterr().out.startswith("the baseline and the current data are the same\n")


def test_slices_in_statistics_are_compared(
    data: dict[str, pathlib.Path], tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, other in (("a", "tuesday"), ("b", "wednesday")):
        found = tfdv.load_stats_binary(str(data["monday"]))
        found.datasets[0].name = "All Examples"
        found.datasets.append(tfdv.load_stats_binary(str(data[other])).datasets[0])
        found.datasets[1].name = "town_south"
        (tmp_path / f"{name}.pb").write_bytes(found.SerializeToString())
    paths = [str(tmp_path / "a.pb"), str(tmp_path / "b.pb")]
    assert main(["drift", *paths]) == ExitCode.GATE
    said = capfd.readouterr().out.splitlines()
    assert said[0].startswith("height in town_south: Kolmogorov-Smirnov")
    assert said[1] == "Drift in 1 of 1 slices; no drift in any of 3 features"
    assert main(["drift", *paths, "--slice", "colour"]) == ExitCode.INPUT
    assert "holds statistics without slices of colour" in capfd.readouterr().err
    assert main(["drift", *paths, "--slice", "town"]) == ExitCode.GATE


def test_a_column_without_values_cannot_be_sliced_by(tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name, value in (("a", ""), ("b", ""), ("c", "u")):
        (tmp_path / f"{name}.csv").write_text("x,town\n" + "".join(f"{number},{value}\n" for number in range(150)))
    assert main(["drift", str(tmp_path / "a.csv"), str(tmp_path / "b.csv"), "--slice", "town"]) == ExitCode.INPUT
    assert "--slice town: it has no values on either side" in capfd.readouterr().err
    main(["drift", str(tmp_path / "a.csv"), str(tmp_path / "c.csv"), "--slice", "town"])
    said = capfd.readouterr().out
    assert "town_u: not comparable: the baseline does not have it" in said
    assert "1 slice not comparable" in said
