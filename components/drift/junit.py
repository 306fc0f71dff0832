"""The report for CI: JUnit's XML."""

from typing import Optional
from xml.etree import ElementTree

from components.drift.compare import Result
from components.drift.report import Report
from components.drift.row_skew import RowSkew
from components.drift.state import State
from components.drift.words import alarm, not_comparable, row_alarm


def junit(report: Report) -> str:
    """A test case for each feature, in the whole data, in slices and row by row.

    It is failed where it drifted, skipped where it is not comparable.
    """
    suite = ElementTree.Element(
        "testsuite",
        name=f"{report.kind}: {report.current.name} against {report.baseline.name}",
        timestamp=report.made.isoformat(),
    )
    for group, results in {report.kind: report.results, **report.slices}.items():
        for result in results:
            _case(suite, group, result)
    for name, why in report.lone_slices.items():
        _outcome(suite, name, "(slice)", "skipped", not_comparable(name, why))
    _rows(suite, report.row_skew)
    counts = {"tests": "testcase", "failures": "testcase/failure", "skipped": "testcase/skipped"}
    for name, path in counts.items():
        suite.set(name, str(len(suite.findall(path))))
    suite.set("errors", "0")
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def _case(suite: ElementTree.Element, group: str, result: Result) -> None:
    if result.state is State.DRIFT:
        _outcome(suite, group, result.name, "failure", alarm(result))
    elif result.state is State.NOT_COMPARABLE:
        _outcome(suite, group, result.name, "skipped", not_comparable(result.name, result.why))
    else:
        ElementTree.SubElement(suite, "testcase", classname=group, name=result.name)


def _rows(suite: ElementTree.Element, skew: Optional[RowSkew]) -> None:
    if skew is None:
        return
    group = f"rows by {', '.join(skew.key)}"
    if not skew.pairs:
        _outcome(suite, group, "(rows)", "skipped", not_comparable("rows", skew.verdict))
    for each in skew.features:
        if each in skew.exceeded:
            _outcome(suite, group, each.name, "failure", row_alarm(each))
        else:
            ElementTree.SubElement(suite, "testcase", classname=group, name=each.name)


def _outcome(suite: ElementTree.Element, group: str, name: str, kind: str, message: str) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=group, name=name)
    ElementTree.SubElement(case, kind, message=message)
