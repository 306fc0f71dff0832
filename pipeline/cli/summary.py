"""What `millrace run` says at its end: the metrics by slice, the outcome, and where everything is."""

from __future__ import annotations

import os
import sys
from collections import Counter

from rich.console import Console

from components.evaluation_report.result import FILE, PAGE, Cell, HeadResult, gate_message, load, slice_name
from pipeline.cli import tuning
from pipeline.cli.console import duration, table
from pipeline.cli.drift.facts import facts as drift_facts
from pipeline.cli.notices import notices
from pipeline.config.config import Config
from pipeline.layout import Layout
from pipeline.runs import RunRecord

MOST_SLICES = 40
"""The report has all of them."""


def print_summary(record: RunRecord, config: Config, to: Console) -> None:
    """Print it; what went wrong goes to standard error."""
    report = record.folder_with("EvaluationReport", "report", FILE)
    result = load(report) if report else None
    for head in result.heads if result else ():
        _print_metrics(head, to)
    facts = table("", "")
    facts.show_header = False
    for name, value in _facts(record, config, report):
        facts.add_row(name, value)
    to.print(facts)
    wrong = record.error or (gate_message(result) if result else "")
    if wrong:
        print(f"millrace: {wrong}", file=sys.stderr)


def _facts(record: RunRecord, config: Config, report: str | None) -> list[tuple[str, str]]:
    states = Counter(node.state for node in record.nodes)
    took = f" in {duration((record.finished - record.started).total_seconds())}" if record.finished else ""
    return [
        ("run", f"{record.id} {record.state}{took}"),
        ("nodes", ", ".join(f"{count} {state}" for state, count in states.items())),
        ("blessing", {None: "none", True: "blessed", False: "rejected"}[record.blessed]),
        ("model", f"pushed to {record.pushed}" if record.pushed else "not pushed"),
        *tuning.facts(record),
        *drift_facts(record),
        ("report", os.path.join(report, PAGE) if report else "none"),
        ("logs", Layout(config.root_path).logs(record.id)),
        *(("warning", notice) for notice in notices(record)),
    ]


def _print_metrics(head: HeadResult, to: Console) -> None:
    names = [name for name, better in head.metrics.items() if better]
    grid = table(head.name, "examples", *names, right=("examples", *names))
    for each in head.slices[:MOST_SLICES]:
        grid.add_row(slice_name(each.slice), f"{each.examples:,}", *(_shown(each.metrics.get(name)) for name in names))
    to.print(grid)
    if len(head.slices) > MOST_SLICES:
        to.print(f"and {len(head.slices) - MOST_SLICES} more slices, in the report")
    to.print()


def _shown(cell: Cell | None) -> str:
    """The candidate's value, and in brackets what has changed against the baseline."""
    if cell is None or cell.candidate.value is None:
        return "-"
    change = f" ({cell.change.value:+.4f})" if cell.change and cell.change.value is not None else ""
    return f"{cell.candidate.value:.4f}{change}"
