"""What nodes leave that a platform's UI can show, by their ids. Light: compilers read it, too."""

from __future__ import annotations

PAGES = {
    "Drift": ("reports", "*/drift.html"),
    "PredictionDrift": ("reports", "*/drift.html"),
    "NearDuplicates": ("duplicates", "duplicates.html"),
    "EvaluationReport": ("report", "report.html"),
}
"""The key of the output that holds the node's HTML page, and where in it the page is."""

METRICS = frozenset({"EvaluationReport"})
"""Nodes that have numbers for a table of metrics."""
