"""A comparison of a pipeline's node: its files, and what the gate and the summary of the run are told of it."""

import dataclasses
import os
from collections.abc import Iterator, Sequence
from typing import Optional

from tfx.dsl.io import fileio

from components.drift import files, result, words
from components.drift.compare import Result
from components.drift.report import Report, Side
from components.drift.result import Comparison, Comparisons, Finding
from components.drift.row_skew import RowSkew
from components.drift.state import State
from components.drift.words import alarm, row_alarm
from components.report import page


@dataclasses.dataclass(frozen=True)
class PendingComparison:
    """A comparison before it is written.

    Attributes:
        name: what `result.Comparison.name` says.
        report: None where there is nothing to compare with.
        missing: what would have been the baseline.
        why: why it cannot be compared; empty where there is none yet.
        notes: what else a reader should know.
    """

    name: str
    current: Side
    report: Optional[Report]
    missing: str = ""
    why: str = ""
    notes: Sequence[str] = ()


def write(found: Sequence[PendingComparison], folder: str, span: Optional[int]) -> Comparisons:
    """Write the files of all comparisons, each into a folder of its own, and `result.json`."""
    written = Comparisons(span=span, comparisons=tuple(_write(each, folder) for each in found))
    with fileio.open(os.path.join(folder, result.FILE), "w") as file:
        file.write(written.model_dump_json(indent=1))
    return written


def _write(found: PendingComparison, folder: str) -> Comparison:
    place = f"{found.name}/{files.PAGE}"
    if found.report is None:
        return _without_report(found, folder, place)
    report = dataclasses.replace(found.report, notes=(*found.report.notes, *found.notes))
    files.write(report, os.path.join(folder, found.name))
    return Comparison(
        name=found.name,
        title=f"{report.current.name} against {report.baseline.name}",
        state=report.state,
        verdict="; ".join((report.verdict, *found.notes)),
        page=place,
        sources=(report.baseline.source, report.current.source),
        findings=tuple(findings(report)),
        not_comparable=tuple(words.not_comparable(each.name, each.why) for each in report.missed),
    )


def _without_report(found: PendingComparison, folder: str, place: str) -> Comparison:
    title = f"{found.current.name} against {found.missing}"
    none_yet = f"No baseline: there is no {found.missing} to compare with yet"
    verdict = "; ".join((f"Not comparable: {found.why}" if found.why else none_yet, *found.notes))
    fileio.makedirs(os.path.join(folder, found.name))
    with fileio.open(os.path.join(folder, place), "w") as file:
        file.write(page.render("drift", "not_compared.html.j2", title=title, verdict=verdict, current=found.current))
    return Comparison(
        name=found.name,
        title=title,
        state=State.NOT_COMPARABLE if found.why else State.NO_BASELINE,
        verdict=verdict,
        page=place,
        sources=(found.current.source,),
    )


def findings(report: Report) -> Iterator[Finding]:
    """Each feature that drifted, in the whole data, in slices and row by row, the worst first."""
    yield from _of_results(report.results, "")
    for name, results in report.slices.items():
        yield from _of_results(results, name)
    if report.row_skew:
        yield from _of_rows(report.row_skew)


def _of_rows(skew: RowSkew) -> Iterator[Finding]:
    for each in skew.exceeded:
        yield Finding(
            feature=each.name,
            role="feature",
            slice="rows of the same key",
            measure="share of rows that differ",
            value=each.share,
            threshold=skew.threshold,
            text=row_alarm(each),
        )


def _of_results(results: Sequence[Result], part: str) -> Iterator[Finding]:
    for each in results:
        check = each.deciding
        if each.state is State.DRIFT and check is not None:
            yield Finding(
                feature=each.name,
                role=each.role,
                slice=part,
                measure=check.threshold.title,
                value=check.measured.value,
                threshold=check.threshold.value,
                text=alarm(each, part),
            )
