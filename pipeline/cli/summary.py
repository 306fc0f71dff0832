"""What `millrace run` says at its end: the outcome, the metrics by slice, and where everything is."""

from __future__ import annotations

import sys
from collections import Counter

from rich.console import Console

from pipeline.cli.console import duration, table
from pipeline.config.config import Config
from pipeline.runs import DONE, RunRecord, log_folder, run_folder


def print_summary(record: RunRecord, config: Config, to: Console) -> None:
    """Print it; what went wrong goes to standard error."""
    _print_metrics(record, to)
    facts = table("", "")
    facts.show_header = False
    for name, value in _facts(record, config):
        facts.add_row(name, value)
    to.print(facts)
    if record.error:
        print(f"millrace: {record.error}", file=sys.stderr)


def _facts(record: RunRecord, config: Config) -> list[tuple[str, str]]:
    root = config.root_path
    states = Counter(node.state for node in record.nodes)
    took = duration((record.finished - record.started).total_seconds()) if record.finished else ""
    return [
        ("run", f"{record.id} {record.state} in {took}"),
        ("nodes", ", ".join(f"{count} {state}" for state, count in states.items())),
        ("blessing", {None: "none", True: "blessed", False: "rejected"}[record.blessed]),
        ("pushed model", record.pushed or "none"),
        ("report", _first(record, "EvaluationReport", "report")),
        ("logs", log_folder(root, record.id)),
        ("record", run_folder(root, record.id)),
    ]


def _first(record: RunRecord, node_id: str, key: str) -> str:
    node = record.node(node_id)
    uris = node.artifacts.get(key, ()) if node and node.state in DONE else ()
    return uris[0] if uris else "none"


def _print_metrics(record: RunRecord, to: Console) -> None:
    pass
