"""The files of a drift report."""

import os

from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx.dsl.io import fileio

from components.drift import facets
from components.drift.junit import junit
from components.drift.numbers import as_json
from components.drift.picture import png
from components.drift.render import render
from components.drift.report import Report
from components.drift.view import view

PAGE, NUMBERS, JUNIT, PICTURE = "drift.html", "drift.json", "junit.xml", "drift.png"
FACETS = "facets.html"


def write(report: Report, folder: str) -> list[str]:
    """Write the page, the numbers, the JUnit file and the picture; returns their paths."""
    fileio.makedirs(folder)
    shown = view(report)
    texts = {PAGE: render(shown), NUMBERS: as_json(shown), JUNIT: junit(report)}
    contents = {name: text.encode() for name, text in texts.items()} | {PICTURE: png(report)}
    for name, content in contents.items():
        with fileio.open(os.path.join(folder, name), "wb") as file:
            file.write(content)
    return [os.path.join(folder, name) for name in contents]


def write_facets(
    report: Report,
    baseline: statistics_pb2.DatasetFeatureStatisticsList,
    current: statistics_pb2.DatasetFeatureStatisticsList,
    folder: str,
) -> str:
    """Write TFDV's own page; returns its path with what is to be known of it."""
    with fileio.open(os.path.join(folder, FACETS), "wb") as file:
        file.write(facets.render((report.baseline.name, report.current.name), baseline, current).encode())
    return f"{os.path.join(folder, FACETS)} ({facets.NOTE})"
