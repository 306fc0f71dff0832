"""The files of a drift report."""

import os
from xml.etree import ElementTree

from tfx.dsl.io import fileio

from components.drift.compare import State
from components.drift.numbers import as_json
from components.drift.render import render
from components.drift.report import Report
from components.drift.words import alarm

PAGE, NUMBERS, JUNIT = "drift.html", "drift.json", "junit.xml"


def write(report: Report, folder: str) -> list[str]:
    """Write the page, the numbers and the JUnit file; returns their paths."""
    fileio.makedirs(folder)
    contents = {PAGE: render(report), NUMBERS: as_json(report), JUNIT: junit(report)}
    for name, text in contents.items():
        with fileio.open(os.path.join(folder, name), "w") as file:
            file.write(text)
    return [os.path.join(folder, name) for name in contents]


def junit(report: Report) -> str:
    """A test case for each feature: failed where it drifted, skipped where it is not comparable."""
    suite = ElementTree.Element(
        "testsuite",
        name=f"{report.kind}: {report.current.name} against {report.baseline.name}",
        tests=str(len(report.results)),
        failures=str(report.count(State.DRIFT)),
        skipped=str(report.count(State.NOT_COMPARABLE)),
        errors="0",
        timestamp=report.made.isoformat(),
    )
    for result in report.results:
        case = ElementTree.SubElement(suite, "testcase", classname=report.kind, name=result.name)
        if result.state is State.DRIFT:
            ElementTree.SubElement(case, "failure", message=alarm(result))
        elif result.state is State.NOT_COMPARABLE:
            ElementTree.SubElement(case, "skipped", message=f"not comparable: {result.why}")
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)
