"""The files of a drift report."""

import os

from tfx.dsl.io import fileio

from components.drift.junit import junit
from components.drift.numbers import as_json
from components.drift.render import render
from components.drift.report import Report

PAGE, NUMBERS, JUNIT = "drift.html", "drift.json", "junit.xml"


def write(report: Report, folder: str) -> list[str]:
    """Write the page, the numbers and the JUnit file; returns their paths."""
    fileio.makedirs(folder)
    contents = {PAGE: render(report), NUMBERS: as_json(report), JUNIT: junit(report)}
    for name, text in contents.items():
        with fileio.open(os.path.join(folder, name), "w") as file:
            file.write(text)
    return [os.path.join(folder, name) for name in contents]
