"""The rows that all sides read."""

from __future__ import annotations

import csv
import importlib.resources
import pathlib


def write_rows(folder: pathlib.Path, rows: int) -> pathlib.Path:
    """The taxi CSV of the tfx wheel, repeated to `rows` rows, as the only file of FOLDER/data; returns the file."""
    source = importlib.resources.files("tfx") / "examples/chicago_taxi_pipeline/data/simple/data.csv"
    with source.open(newline="") as file:
        header, *lines = list(csv.reader(file))
    path = folder / "data" / "data.csv"
    path.parent.mkdir()
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines[number % len(lines)] for number in range(rows))
    return path
