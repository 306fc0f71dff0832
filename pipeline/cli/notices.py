"""What a run went on in spite of: rows in quarantine, odd columns, anomalies and copies that the config lets pass."""

from __future__ import annotations

import json
import os
from typing import Any

from pipeline.runs import RunRecord

MOST_ANOMALIES = 10
"""The verdict has all of them."""


def notices(record: RunRecord) -> list[str]:
    """A line each; none for a run that met nothing strange."""
    return [*_of_ingestion(record), *_of_anomalies(record), *_of_duplicates(record)]


def _of_ingestion(record: RunRecord) -> list[str]:
    report, folder = _artifact(record, "ExampleGen", "quarantine", "report.json")
    bad, rows = report.get("bad_rows", 0), report.get("rows", 0)
    of_rows = [f"{bad:,} of {rows + bad:,} rows cannot be used and are in quarantine: {folder}"] if bad else []
    return [*of_rows, *report.get("notes", ())]


def _of_anomalies(record: RunRecord) -> list[str]:
    verdict, folder = _artifact(record, "AnomalyGate", "verdict", "verdict.json")
    rows = verdict.get("anomalies", ())
    # The same anomaly in several splits is one line.
    found = list(
        dict.fromkeys(f"{row['feature'] or 'the data set'}: {row['detail'] or row['problem']}" for row in rows)
    )
    rest = [f"and {len(found) - MOST_ANOMALIES} more anomalies: {folder}"] if len(found) > MOST_ANOMALIES else []
    return [*(f"the data differs from its schema: {each}" for each in found[:MOST_ANOMALIES]), *rest]


def _of_duplicates(record: RunRecord) -> list[str]:
    verdict, _ = _artifact(record, "DuplicateGate", "verdict", "verdict.json")
    return [
        f"near-duplicates of {each['column']}: {each['images']:,} of {each['of']:,} images of {each['split']!r} "
        f"({each['share']:.2%}) nearly equal one of {each['other']!r}: {verdict['page']}"
        for each in verdict.get("splits", ())
    ]


def _artifact(record: RunRecord, node_id: str, key: str, name: str) -> tuple[dict[str, Any], str]:
    """What is in a JSON file of a node's output, and its folder; nothing where the run did not get so far."""
    folder = record.folder_with(node_id, key, name)
    if folder is None:
        return {}, ""
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return json.load(file), folder
