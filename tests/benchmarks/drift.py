"""Statistics of files of rows and reports on them, against TFDV's own: by features and by rows.

`python -m tests.benchmarks.drift` writes results/drift_reports.{md,json}. Each figure is of a process of its own,
Millrace and TFDV in turn; seconds are of processor time, which other work on the machine lengthens less than the
clock's. What a user of TFDV does is `generate_statistics_from_csv` twice and `validate_statistics`.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import tempfile
from collections.abc import Sequence
from typing import Any

from tests.benchmarks import RESULTS, drift_data
from tests.benchmarks.drift_cases import in_child

FEATURES = (10, 100, 1_000)
ROWS = (10_000, 100_000, 1_000_000)
FILES = ((10, 10_000), (10, 100_000), (10, 1_000_000), (100, 10_000))
"""(features, rows) of files: ten million values take minutes on either side."""


def main() -> None:
    """Parses the arguments, measures, writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=RESULTS)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--only", choices=("reports", "statistics"), help="the other half stays as it was measured")
    arguments = parser.parse_args()
    numbers = arguments.out / "drift_reports.json"
    found = json.loads(numbers.read_text()) if arguments.only else {}
    if arguments.only != "statistics":
        found["reports"] = reports(arguments.repetitions)
    if arguments.only != "reports":
        found["statistics"] = statistics(arguments.repetitions)
    numbers.write_text(json.dumps(found, indent=2) + "\n")
    text = markdown(found)
    (arguments.out / "drift_reports.md").write_text(text)
    print(text)


def reports(repetitions: int) -> list[dict[str, Any]]:
    """From two files of statistics."""
    found = []
    with tempfile.TemporaryDirectory() as work:
        paths = [f"{work}/{side}.pb" for side in (0, 1)]
        for rows in ROWS:
            sides = [drift_data.ten_statistics(rows, side) for side in (0, 1)]
            for features in FEATURES:
                for path, side in zip(paths, sides, strict=True):
                    drift_data.write_statistics(path, side, features)
                pairs = [
                    (in_child("report", *paths, f"{work}/out"), in_child("stock_report", *paths))
                    for _ in range(repetitions)
                ]
                found.append({"features": features, "rows": rows, **_quickest(pairs)})
                print(found[-1], flush=True)
    return found


def statistics(repetitions: int) -> list[dict[str, Any]]:
    """From a file of rows; those that take minutes are counted once."""
    found = []
    for features, rows in FILES:
        with tempfile.TemporaryDirectory() as work:
            path = f"{work}/rows.csv"
            drift_data.write_csv(path, rows, features)
            times = repetitions if features * rows <= 1_000_000 else 1
            pairs = [(in_child("statistics", path), in_child("stock_statistics", path)) for _ in range(times)]
        found.append({"features": features, "rows": rows, **_quickest(pairs)})
        print(found[-1], flush=True)
    return found


def _quickest(pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, Any]:
    ours, stock = (min(side, key=lambda each: float(each["processor"])) for side in zip(*pairs, strict=True))
    return {"millrace": ours, "tfdv": stock}


def markdown(found: dict[str, list[dict[str, Any]]]) -> str:
    """Both tables."""
    return "\n".join([*_reports(found["reports"]), "", *_statistics(found["statistics"])]) + "\n"


def _reports(cases: Sequence[dict[str, Any]]) -> list[str]:
    lines = [
        "From two files of statistics to a report (TFDV: to a message of anomalies), seconds of processor time:",
        "",
        "| features | rows | Millrace | of which comparing | TFDV | memory at most, MB | of which imports "
        "| drift.html, kB | drift.json, kB |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for each in cases:
        ours, size = each["millrace"], each["millrace"]["kilobytes"]
        lines.append(
            f"| {each['features']:,} | {each['rows']:,} | {ours['processor']} | {ours['comparing']} | "
            f"{each['tfdv']['processor']} | {ours['megabytes_most']:,.0f} | {ours['megabytes_before']:,.0f} | "
            f"{size['drift.html']:,} | {size['drift.json']:,} |"
        )
    return lines


def _statistics(cases: Sequence[dict[str, Any]]) -> list[str]:
    lines = [
        "From a CSV file to its statistics, with 100 quantiles of each number (TFDV: 10), seconds of processor time:",
        "",
        "| features | rows | Millrace | TFDV | ratio | Millrace's memory at most, MB | of which imports "
        "| TFDV's at most |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for each in cases:
        ours, stock = each["millrace"], each["tfdv"]
        lines.append(
            f"| {each['features']:,} | {each['rows']:,} | {ours['processor']} | {stock['processor']} | "
            f"{ours['processor'] / stock['processor']:.2f} | {ours['megabytes_most']:,.0f} | "
            f"{ours['megabytes_before']:,.0f} | {stock['megabytes_most']:,.0f} |"
        )
    return lines


if __name__ == "__main__":
    main()
